"""The index of a plan: from the posterior of the traits to one value of a line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.selection import IndexConfig, SelectionConfig
from meristem.errors import ConfigError
from meristem.genetics.relationship import relationship_matrix
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.selection.lines import Lines
from meristem.prepare.by_environment import is_stacked
from meristem.records import FloatArray, IntArray, Posterior, StrArray
from meristem.select.index.belief import TraitBelief
from meristem.select.index.coefficients import (
    desired_gains,
    prediction_covariance,
    ratio,
    realised_reliability,
    restricted,
    smith_hazel,
)
from meristem.select.index.covariance import (
    TraitCovariance,
    error_correlation,
    trait_covariance,
)
from meristem.select.index.definite import bend, refuse_indefinite
from meristem.select.index.merit import Belief, MeritTerm, merit_draws
from meristem.select.index.response import IndexResponse, respond
from meristem.select.index.together import move_together, shrink_covariances
from meristem.select.ranking.intensity import finite_intensity

MOST_LINES = 1500
"""Lines from which covariances of traits are estimated."""


@dataclass(frozen=True)
class Index:
    """What the candidates are ranked by, and joint draws of what they are worth.

    The merit of a line is w'u: the economic weights times its true values. Where a
    plan has none (desired gains alone) it is the index of its true values.
    """

    target: tuple[str, ...]  # (n_target,)
    weight: FloatArray  # (n_target,) economic, per unit; 0 not in the index
    coefficient: FloatArray  # (n_target,) of the predictions
    value: FloatArray  # (n_line,) index of the predictions
    drawn: FloatArray  # (n_draw, n_line) merit
    posterior: Posterior  # each trait by itself, errors of the traits joined
    belief: Belief  # traits given the predictions of all of them
    response: IndexResponse | None  # of a linear index of several traits
    words: str
    notes: tuple[str, ...]
    merit: tuple[int, ...] = ()  # targets that a merit by draws reads
    worth: str = "merit"  # what `drawn` is, in a word
    covariance: Covariances | None = None  # of a linear index of several traits

    @property
    def emphasis(self) -> FloatArray:  # (n_target,)
        """How much each target counts: the coefficients, or those that merit reads."""
        if self.coefficient.any() or not self.merit:
            return self.coefficient
        return np.isin(np.arange(len(self.target)), self.merit).astype(np.float64)

    @property
    def sd(self) -> FloatArray:  # (n_line,)
        """Standard deviation of the merit of every line."""
        return self.drawn.std(axis=0)

    @property
    def worth_words(self) -> str:
        """What gains are told in, as a formula of the true values."""
        if self.merit or self.worth == "index":
            return self.words
        return _sum_of(self.weight, self.target)

    @property
    def expected(self) -> FloatArray:  # (n_line,)
        """Expected merit of every line."""
        return self.drawn.mean(axis=0)

    @property
    def is_merit(self) -> bool:
        """Whether the index is the expected merit, up to a constant."""
        apart = self.value - self.expected
        return bool(np.ptp(apart) <= 1e-6 * max(np.ptp(self.value), 1e-300))


@dataclass(frozen=True)
class Covariances:
    """What a linear index of several traits rests on; symbols as in `coefficients`."""

    used: IntArray  # (n_used,) targets
    p: FloatArray  # (n_used, n_used) of the predictions, among the candidates
    genetic: FloatArray  # (n_used, n_used)
    error: FloatArray  # (n_used, n_used) standard error of the genetic ones
    reliability: FloatArray  # (n_used,) var(u_hat) / var(u)

    @property
    def c(self) -> FloatArray:  # (n_used, n_used)
        """Covariance of predictions (rows) with genetic values."""
        return prediction_covariance(self.genetic, self.reliability)


@dataclass(frozen=True)
class _Asked:
    """The index asked for, and what it is asked of."""

    config: IndexConfig
    name: tuple[str, ...]  # (n_target,)
    trait: StrArray  # (n_target,)
    notes: list[str]

    def targets(self, word: str, field: str) -> IntArray:
        """Return the targets that a trait or trait@environment stands for."""
        return targets_of(word, self.name, self.trait, field)

    def of(self, rows: IntArray) -> _Asked:
        """Return the same for some of the targets."""
        names = tuple(self.name[t] for t in rows)
        return replace(self, name=names, trait=self.trait[rows])

    def definite(
        self, matrix: FloatArray, what: str, *, strict: bool = True
    ) -> FloatArray:
        """Return the matrix, bent if that is allowed; refuse one that is none."""
        if not self.config.bend:
            refuse_indefinite(matrix, self.name, what, strict=strict)
            return matrix
        bent, share = bend(matrix)
        if share > 0:
            self.notes.append(f"{what} was bent: correlations shrunk by {share:.0%}")
        return bent

    def settled(self, found: TraitCovariance, p: FloatArray) -> FloatArray:
        """Return genetic covariances that may be used; those given stay as they are.

        Estimated ones are shrunk towards the correlations of the predictions, and
        further where some combination of traits would be known too well.
        """
        if self.config.genetic:
            return self.definite(found.genetic, "index.genetic", strict=False)
        what = "the genetic covariance (REML)"
        genetic, share = shrink_covariances(found.genetic, found.error, p)
        genetic = self.definite(genetic, what, strict=False)
        genetic, further = move_together(genetic, p)
        if len(genetic) > 1:
            self.notes.append(
                f"{what}: correlations were moved by {share:.0%} on average towards "
                "those of the predictions, each as far as its standard error asks"
                + (f", then all by {further:.0%} to go with them" if further else "")
            )
        return genetic


def make_index(analysis: Analysis, plan: SelectionConfig, lines: Lines) -> Index:
    """Return the index that a plan asks for.

    Raises
    ------
    ConfigError
        If it names a trait that is no target.
    DataError
        If a covariance is none, and may not be bent.
    """
    phenotypes = analysis.dataset.phenotypes
    names = tuple(phenotypes.target_name)
    asked = _Asked(plan.index, names, phenotypes.trait_name, [])
    sources = lines.posterior.mean[lines.counted]
    if plan.index.merit:
        return _merit_index(asked, lines, plan, draw_seed(plan))
    weight = _weights(asked, sources.std(axis=0, ddof=1), analysis)
    used = _used(asked, weight)
    posterior, coefficient, response = lines.posterior, weight.copy(), None
    belief: Belief = posterior
    known = None
    if used.size > 1 or plan.index.method != "base":
        some = asked.of(used)
        found = _covariances(analysis, some, used)
        p = np.atleast_2d(np.cov(sources[:, used].T, ddof=1))
        p = some.definite(p, "the covariance of the predictions")
        genetic = some.settled(found, p)
        posterior = _joined(lines, used, genetic, found.residual)
        share = realised_reliability(p, genetic)
        known = Covariances(used, p, genetic, found.error, share)
        b = _coefficients(some, p, known.c, weight[used])
        coefficient = np.zeros(len(names))
        coefficient[used] = b
        n = int(lines.counted.sum())
        strength = finite_intensity(n, min(plan.ranking.selected(n), n))
        response = respond(b, p, known.c, known.genetic, weight[used], strength)
        level = sources[:, used].mean(axis=0)
        belief = TraitBelief(
            posterior, used, level, p, known.c, share[:, None] * found.error
        )
    valued = plan.index.method != "desired" or bool(plan.index.weights)
    worth = weight if valued else coefficient
    terms = [MeritTerm(t, float(worth[t])) for t in np.flatnonzero(worth).tolist()]
    return Index(
        names,
        weight,
        coefficient,
        lines.posterior.mean @ coefficient,
        merit_draws(belief, terms, plan.ranking.draws, draw_seed(plan)),
        posterior,
        belief,
        response,
        _sum_of(coefficient, names),
        tuple(asked.notes),
        worth="merit" if valued else "index",
        covariance=known,
    )


def index_draws(index: Index, plan: SelectionConfig) -> FloatArray:
    """Return joint draws of the index of the true values, (n_draw, n_line)."""
    if index.is_merit:
        return index.drawn
    b = index.coefficient
    terms = [MeritTerm(t, float(b[t])) for t in np.flatnonzero(b).tolist()]
    return merit_draws(index.belief, terms, plan.ranking.draws, draw_seed(plan))


def draw_seed(plan: SelectionConfig) -> np.random.Generator:
    """Return the generator of the joint draws of a plan; the same every time."""
    return np.random.default_rng([plan.seed, 1])


def _sum_of(coefficient: FloatArray, names: tuple[str, ...]) -> str:
    """Return the index as a formula."""
    said = ""
    for t in np.flatnonzero(coefficient):
        sign = "-" if coefficient[t] < 0 else "+"
        part = f"{abs(coefficient[t]):.4g} x {names[t]}"
        said += f" {sign} {part}" if said else f"{'-' * (sign == '-')}{part}"
    return said


def targets_of(
    word: str, names: tuple[str, ...], traits: StrArray, field: str
) -> IntArray:
    """Return the targets that a trait or trait@environment stands for.

    Raises
    ------
    ConfigError
        If there is none.
    """
    chosen = [k for k, full in enumerate(names) if word in (full, str(traits[k]))]
    if not chosen:
        raise ConfigError(
            f"{word!r} is no trait of this run",
            where=field,
            remedy=f"use some of: {', '.join(names[:20])}",
        )
    return np.array(chosen)


def _weights(asked: _Asked, sd: FloatArray, analysis: Analysis) -> FloatArray:
    """Return the economic weight of every target, per unit."""
    config = asked.config
    weight = np.zeros(len(asked.name))
    for name, value in config.weights.items():
        rows = asked.targets(name, "index.weights")
        weight[rows] += value / rows.size  # a trait is the mean over its environments
    per_sd = config.per == "sd"
    if not config.weights:
        low = np.isin(asked.trait, list(analysis.config.phenotypes.minimise))
        weight = np.where(low, -1.0, 1.0)
        per_sd = weight.size > 1
        if per_sd:
            asked.notes.append(
                "no weights were given: desired gains make the index; its efficiency "
                "is told for one per SD of the predictions"
                if config.method == "desired"
                else "no weights were given: every target counts alike, one per SD of "
                "its predictions"
            )
    if not weight.any():
        raise ConfigError(
            "every weight is 0",
            where="index.weights",
            remedy="give a weight to a trait",
        )
    if per_sd:
        weight = np.divide(weight, sd, out=np.zeros_like(weight), where=sd > 0)
    return weight


def _used(asked: _Asked, weight: FloatArray) -> IntArray:
    """Return the targets that take part in the index."""
    used = weight != 0
    config = asked.config
    if config.method != "base":
        for name in (*config.desired, *config.hold):
            used[asked.targets(name, "index")] = True
    return np.flatnonzero(used)


def _covariances(analysis: Analysis, asked: _Asked, used: IntArray) -> TraitCovariance:
    """Return genetic and residual covariances of the targets used."""
    dataset = analysis.dataset
    if asked.config.genetic:
        given = _given(asked.config, asked.name)
        zero = np.zeros_like(given)
        return TraitCovariance(given, np.diag(np.diag(given)), zero)
    if is_stacked(dataset):
        raise ConfigError(
            "covariances of traits are not estimated from records of environments",
            where="index",
            remedy='give [index.genetic], or phenotypes.by = "line"',
        )
    value = dataset.phenotypes.value[:, used]
    seen = np.flatnonzero(~np.isnan(value).all(axis=1))
    if seen.size > MOST_LINES:
        seen = seen[np.linspace(0, seen.size - 1, MOST_LINES).astype(int)]
    calls = dataset.genotypes.call_dosage[seen]
    kernel = relationship_matrix(calls, ploidy=dataset.genotypes.ploidy)
    found = trait_covariance(kernel, value[seen])
    asked.notes.append(
        f"genetic covariances of {used.size} targets are REML estimates from "
        f"{seen.size} lines"
    )
    return found


def _given(config: IndexConfig, names: tuple[str, ...]) -> FloatArray:
    """Return the covariances of the plan; those not given are 0."""
    matrix = np.full((len(names),) * 2, np.nan)
    given = {*config.genetic, *(two for row in config.genetic.values() for two in row)}
    unknown = sorted(given - set(names))
    if unknown:
        raise ConfigError(
            f"{unknown[0]!r} is no trait of this index",
            where="index.genetic",
            remedy=f"use {', '.join(names)}, or give {unknown[0]} a weight",
        )
    for one, row in config.genetic.items():
        for two, value in row.items():
            for a, b in ((one, two), (two, one)):
                i, j = names.index(a), names.index(b)
                if np.isfinite(matrix[i, j]) and matrix[i, j] != value:
                    raise ConfigError(
                        f"two covariances of {a} and {b} are given",
                        where="index.genetic",
                        remedy="give one",
                    )
                matrix[i, j] = value
    lost = [name for k, name in enumerate(names) if not np.isfinite(matrix[k, k])]
    if lost:
        raise ConfigError(
            f"no variance is given for {', '.join(lost)}",
            where="index.genetic",
            remedy="give one for every trait of the index",
        )
    return np.nan_to_num(matrix)


def _joined(
    lines: Lines, used: IntArray, genetic: FloatArray, residual: FloatArray
) -> Posterior:
    """Return the posterior with the correlation of the errors of the targets used."""
    posterior = lines.posterior
    if posterior.correlation is not None:
        return posterior
    reliability = posterior.reliability[lines.counted].mean(axis=0)[used]
    correlation = np.eye(posterior.trait_name.size)
    correlation[np.ix_(used, used)] = error_correlation(genetic, residual, reliability)
    return replace(posterior, correlation=correlation)


def _coefficients(
    asked: _Asked, p: FloatArray, c: FloatArray, weight: FloatArray
) -> FloatArray:
    config = asked.config
    if config.method == "base":
        return weight
    if config.method == "smith_hazel":
        return smith_hazel(p, c, weight)
    if config.method == "restricted":
        held = np.concatenate([asked.targets(o, "index.hold") for o in config.hold])
        if np.unique(held).size == weight.size:
            raise ConfigError(
                f"every trait of the index is held: {', '.join(config.hold)}",
                where="index.hold",
                remedy="leave one trait free, or give another one a weight",
            )
        return restricted(p, c, weight, np.eye(weight.size)[:, held])
    goal = np.zeros(weight.size)
    for name, value in config.desired.items():
        goal[asked.targets(name, "index.desired")] = value
    wanted = np.flatnonzero(goal)
    if config.method == "desired":
        return desired_gains(p, c[:, wanted] if wanted.size else c, goal[wanted])
    return restricted(p, c, weight, ratio(goal[wanted], wanted, weight.size))


def _merit_index(
    asked: _Asked, lines: Lines, plan: SelectionConfig, rng: np.random.Generator
) -> Index:
    terms: list[MeritTerm] = []
    words: list[str] = []
    for item in asked.config.merit:
        rows = asked.targets(item.trait, "index.merit")
        weight = item.weight / rows.size
        terms += [MeritTerm(t, weight, item.form, item.at) for t in rows.tolist()]
        at = "" if item.form == "linear" else f", {item.at:g}"
        sign = ("- " if item.weight < 0 else "+ ") if words else ""
        size = abs(item.weight) if words else item.weight
        words.append(f"{sign}{size:g} x {item.form}({item.trait}{at})")
    drawn = merit_draws(lines.posterior, terms, plan.ranking.draws, rng)
    error = float((drawn.std(axis=0) / np.sqrt(len(drawn) / 2)).max())
    asked.notes.append(
        f"expected merit over {len(drawn)} joint draws, Monte-Carlo error at most "
        f"{error:.2g}"
    )
    zero = np.zeros(len(asked.name))
    return Index(
        asked.name,
        zero,
        zero,
        drawn.mean(axis=0),
        drawn,
        lines.posterior,
        lines.posterior,
        None,
        " ".join(words),
        tuple(asked.notes),
        tuple(sorted({term.target for term in terms})),
    )
