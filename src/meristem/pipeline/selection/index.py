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
from meristem.records import FloatArray, Posterior, StrArray
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

    @property
    def sd(self) -> FloatArray:  # (n_line,)
        """Standard deviation of the index of every line."""
        return self.drawn.std(axis=0)


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
    names = phenotypes.target_name
    config = plan.index
    sources = lines.posterior.mean[lines.counted]
    sd = sources.std(axis=0, ddof=1)
    weight, said = _weights(config, names, phenotypes.trait_name, sd, analysis)
    rng = np.random.default_rng([plan.seed, 1])
    if config.merit:
        return _merit_index(config, names, phenotypes.trait_name, lines, plan, rng)
    used = (
        np.flatnonzero(weight)
        if config.method == "base"
        else _used(config, names, phenotypes.trait_name, weight)
    )
    notes = [said] if said else []
    posterior, genetic = lines.posterior, None
    if used.size > 1 or config.method != "base":
        genetic, residual = _covariances(analysis, config, names, used, notes)
        posterior = _joined(lines, used, genetic, residual)
    coefficient = weight.copy()
    response = None
    if genetic is not None:
        p = np.cov(sources[:, used].T, ddof=1).reshape(used.size, used.size)
        p = _definite(
            p,
            [names[t] for t in used],
            "the covariance of the predictions",
            config,
            notes,
        )
        reliability = lines.posterior.reliability[lines.counted].mean(axis=0)[used]
        c = prediction_covariance(genetic, np.maximum(reliability, 1e-6))
        w = weight[used]
        b = _coefficients(
            config, p, c, w, [names[t] for t in used], phenotypes.trait_name[used]
        )
        coefficient = np.zeros(len(names))
        coefficient[used] = b
        n = int(lines.counted.sum())
        strength = finite_intensity(n, min(plan.ranking.n, n))
        response = respond(b, p, c, genetic, w, strength)
    terms = [MeritTerm(t, float(coefficient[t])) for t in np.flatnonzero(coefficient)]
    drawn = merit_draws(posterior, terms, plan.ranking.draws, rng)
    words = " + ".join(
        f"{coefficient[t]:.4g} x {names[t]}" for t in np.flatnonzero(coefficient)
    )
    return Index(
        tuple(names),
        weight,
        coefficient,
        lines.posterior.mean @ coefficient,
        drawn,
        posterior,
        response,
        words,
        tuple(notes),
    )


def targets_of(name: str, names: list[str], traits: StrArray, field: str) -> np.ndarray:
    """Return the targets that a trait or trait@environment stands for.

    Raises
    ------
    ConfigError
        If there is none.
    """
    chosen = [k for k, full in enumerate(names) if name in (full, str(traits[k]))]
    if not chosen:
        raise ConfigError(
            f"{name!r} is no trait of this run",
            where=field,
            remedy=f"use some of: {', '.join(names[:20])}",
        )
    return np.array(chosen)


def _weights(
    config: IndexConfig,
    names: list[str],
    traits: StrArray,
    sd: FloatArray,
    analysis: Analysis,
) -> tuple[FloatArray, str]:
    """Return the economic weight of every target per unit, and what was assumed."""
    weight = np.zeros(len(names))
    for name, value in config.weights.items():
        rows = targets_of(name, names, traits, "index.weights")
        weight[rows] += value / rows.size  # a trait is the mean over its environments
    said = ""
    per_sd = config.per == "sd"
    if not config.weights:
        low = np.isin(traits, list(analysis.config.phenotypes.minimise))
        weight = np.where(low, -1.0, 1.0)
        per_sd = len(names) > 1
        if per_sd:
            said = (
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
    return weight, said


def _used(
    config: IndexConfig, names: list[str], traits: StrArray, weight: FloatArray
) -> np.ndarray:
    """Return the targets that take part in an index other than the base index."""
    used = weight != 0
    for name in (*config.desired, *config.hold):
        used[targets_of(name, names, traits, "index")] = True
    return np.flatnonzero(used)


def _covariances(
    analysis: Analysis,
    config: IndexConfig,
    names: list[str],
    used: np.ndarray,
    notes: list[str],
) -> tuple[FloatArray, FloatArray]:
    """Return genetic and residual covariances of the targets used."""
    dataset = analysis.dataset
    some = [names[t] for t in used]
    if config.genetic:
        genetic = _given(config, some)
        genetic = _definite(genetic, some, "index.genetic", config, notes, strict=False)
        return genetic, np.diag(np.diag(genetic))
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
    kernel = relationship_matrix(
        dataset.genotypes.call_dosage[seen], ploidy=dataset.genotypes.ploidy
    )
    found = trait_covariance(kernel, value[seen])
    genetic = _definite(
        found.genetic,
        some,
        "the genetic covariance (REML)",
        config,
        notes,
        strict=False,
    )
    notes.append(
        f"genetic covariances of {used.size} targets are REML estimates from "
        f"{seen.size} lines"
    )
    return genetic, found.residual


def _given(config: IndexConfig, names: list[str]) -> FloatArray:
    matrix = np.full((len(names),) * 2, np.nan)
    for one, row in config.genetic.items():
        for two, value in row.items():
            for a, b in ((one, two), (two, one)):
                if a in names and b in names:
                    i, j = names.index(a), names.index(b)
                    if np.isfinite(matrix[i, j]) and matrix[i, j] != value:
                        raise ConfigError(
                            f"two covariances of {a} and {b} are given",
                            where="index.genetic",
                            remedy="give one",
                        )
                    matrix[i, j] = value
    lost = [names[i] for i in range(len(names)) if not np.isfinite(matrix[i, i])]
    if lost:
        raise ConfigError(
            f"no variance is given for {', '.join(lost)}",
            where="index.genetic",
            remedy="give one for every trait of the index",
        )
    return np.nan_to_num(matrix)


def _definite(
    matrix: FloatArray,
    names: list[str],
    what: str,
    config: IndexConfig,
    notes: list[str],
    *,
    strict: bool = True,
) -> FloatArray:
    """Return the matrix, bent if that is allowed; refuse one that is no covariance."""
    if config.bend:
        bent, share = bend(matrix)
        if share > 0:
            notes.append(f"{what} was bent: correlations shrunk by {share:.0%}")
        return bent
    refuse_indefinite(matrix, names, what, strict=strict)
    return matrix


def _joined(
    lines: Lines, used: np.ndarray, genetic: FloatArray, residual: FloatArray
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
    config: IndexConfig,
    p: FloatArray,
    c: FloatArray,
    weight: FloatArray,
    names: list[str],
    traits: StrArray,
) -> FloatArray:
    if config.method == "base":
        return weight
    if config.method == "smith_hazel":
        return smith_hazel(p, c, weight)
    goal = np.zeros(len(names))
    for name, value in config.desired.items():
        goal[targets_of(name, names, traits, "index.desired")] = value
    if config.method == "desired":
        asked = np.flatnonzero(goal)
        return desired_gains(p, c[:, asked] if asked.size else c, goal[asked])
    if config.method == "restricted":
        held = [targets_of(name, names, traits, "index.hold") for name in config.hold]
        direction = np.eye(len(names))[:, np.concatenate(held)]
    else:
        asked = np.flatnonzero(goal)
        direction = ratio(goal[asked], asked, len(names))
    return restricted(p, c, weight, direction)


def _merit_index(
    config: IndexConfig,
    names: list[str],
    traits: StrArray,
    lines: Lines,
    plan: SelectionConfig,
    rng: np.random.Generator,
) -> Index:
    terms = []
    for item in config.merit:
        rows = targets_of(item.trait, names, traits, "index.merit")
        terms += [
            MeritTerm(int(t), item.weight / rows.size, item.form, item.at) for t in rows
        ]
    drawn = merit_draws(lines.posterior, terms, plan.ranking.draws, rng)
    words = " + ".join(
        f"{t.weight:g} x {t.form}({names[t.target]}{'' if t.form == 'linear' else f', {t.at:g}'})"
        for t in terms
    )
    error = float((drawn.std(axis=0) / np.sqrt(len(drawn) / 2)).max())
    zero = np.zeros(len(names))
    return Index(
        tuple(names),
        zero,
        zero,
        drawn.mean(axis=0),
        drawn,
        lines.posterior,
        None,
        words,
        (
            f"expected merit over {len(drawn)} joint draws, Monte-Carlo error at most {error:.2g}",
        ),
    )
