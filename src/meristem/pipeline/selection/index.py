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
from meristem.select.index.coefficients import (
    desired_gains,
    prediction_covariance,
    ratio,
    restricted,
    smith_hazel,
)
from meristem.select.index.covariance import error_correlation, trait_covariance
from meristem.select.index.definite import bend, refuse_indefinite
from meristem.select.index.merit import MeritTerm, merit_draws
from meristem.select.index.response import IndexResponse, respond
from meristem.select.ranking.intensity import finite_intensity

MOST_LINES = 1500
"""Lines from which covariances of traits are estimated."""


@dataclass(frozen=True)
class Index:
    """What the candidates are ranked by, with joint draws of it."""

    target: tuple[str, ...]  # (n_target,)
    weight: FloatArray  # (n_target,) economic, per unit; 0 not in the index
    coefficient: FloatArray  # (n_target,) of the predictions
    value: FloatArray  # (n_line,) expected
    drawn: FloatArray  # (n_draw, n_line)
    posterior: Posterior  # errors of the traits joined
    response: IndexResponse | None  # of a linear index of several traits
    words: str
    notes: tuple[str, ...]
    merit: tuple[int, ...] = ()  # targets that a merit by draws reads

    @property
    def emphasis(self) -> FloatArray:  # (n_target,)
        """How much each target counts: the coefficients, or those that merit reads."""
        if self.coefficient.any() or not self.merit:
            return self.coefficient
        return np.isin(np.arange(len(self.target)), self.merit).astype(np.float64)

    @property
    def sd(self) -> FloatArray:  # (n_line,)
        """Standard deviation of the index of every line."""
        return self.drawn.std(axis=0)


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
    rng = np.random.default_rng([plan.seed, 1])
    if plan.index.merit:
        return _merit_index(asked, lines, plan, rng)
    weight = _weights(asked, sources.std(axis=0, ddof=1), analysis)
    used = _used(asked, weight)
    posterior, coefficient, response = lines.posterior, weight.copy(), None
    if used.size > 1 or plan.index.method != "base":
        some = asked.of(used)
        genetic, residual = _covariances(analysis, some, used)
        posterior = _joined(lines, used, genetic, residual)
        p = np.atleast_2d(np.cov(sources[:, used].T, ddof=1))
        p = some.definite(p, "the covariance of the predictions")
        reliability = lines.posterior.reliability[lines.counted].mean(axis=0)[used]
        c = prediction_covariance(genetic, np.maximum(reliability, 1e-6))
        b = _coefficients(some, p, c, weight[used])
        coefficient = np.zeros(len(names))
        coefficient[used] = b
        n = int(lines.counted.sum())
        strength = finite_intensity(n, min(plan.ranking.selected(n), n))
        response = respond(b, p, c, genetic, weight[used], strength)
    taken = np.flatnonzero(coefficient)
    terms = [MeritTerm(t, float(coefficient[t])) for t in taken.tolist()]
    return Index(
        names,
        weight,
        coefficient,
        lines.posterior.mean @ coefficient,
        merit_draws(posterior, terms, plan.ranking.draws, rng),
        posterior,
        response,
        " + ".join(f"{coefficient[t]:.4g} x {names[t]}" for t in taken),
        tuple(asked.notes),
    )


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
                "no weights were given: every target counts alike, one per SD of its "
                "predictions"
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


def _covariances(
    analysis: Analysis, asked: _Asked, used: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return genetic and residual covariances of the targets used."""
    dataset = analysis.dataset
    if asked.config.genetic:
        given = _given(asked.config, asked.name)
        given = asked.definite(given, "index.genetic", strict=False)
        return given, np.diag(np.diag(given))
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
    what = "the genetic covariance (REML)"
    return asked.definite(found.genetic, what, strict=False), found.residual


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
    terms, words = [], []
    for item in asked.config.merit:
        rows = asked.targets(item.trait, "index.merit")
        weight = item.weight / rows.size
        terms += [MeritTerm(t, weight, item.form, item.at) for t in rows.tolist()]
        at = "" if item.form == "linear" else f", {item.at:g}"
        words.append(f"{item.weight:g} x {item.form}({item.trait}{at})")
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
        None,
        " + ".join(words),
        tuple(asked.notes),
        tuple(sorted({term.target for term in terms})),
    )
