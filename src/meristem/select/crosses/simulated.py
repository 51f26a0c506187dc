"""Usefulness under a nonlinear model: simulated progeny, linear control variate.

The mean of doubled haploids is not the mid-parent once loci interact. Every cross gets
the same crossovers (common random numbers) and each gamete its complement (antithetic),
so that what is additive has no error in the mean. The control is a sum over loci, whose
mean and variance are known exactly, and over pairs of loci, whose moments come from
many more progeny for which the model is not asked: only what it leaves is noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import GeneticMap
from meristem.genetics.inheritance.meiosis import (
    Haplotypes,
    cross,
    gametes,
    self_plants,
)
from meristem.genetics.inheritance.transmission import transmission_variance
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.interactions import Codes, Pairs, find_pairs
from meristem.select.crosses.progeny import Progeny

Predict = Callable[[Haplotypes], FloatArray]  # (n, n_locus) dosages -> (n,) values

RIL_SELFINGS = 10
"""Selfings after which a simulated line is taken as fixed (by a doubled haploid)."""
_LEAST_PROGENY = 20
_FOLDS = 4
_MOST_ROWS = 2000  # of gametes on which interactions are learned
_POOL = 20  # progeny of which the control alone is computed, for each simulated one
_MOST_CALLS = 100_000_000
_RIDGES: FloatArray = np.logspace(-3, 4, 15)
"""Candidate ridges of the control, in mean eigenvalues."""


@dataclass(frozen=True)
class SimulatedCrosses:
    """What simulated progeny of crosses are worth."""

    mean: FloatArray  # (n_cross,)
    sd: FloatArray  # (n_cross,)
    usefulness: FloatArray  # (n_cross,) mean + factor * sd
    error: FloatArray  # (n_cross,) Monte-Carlo standard error of the usefulness
    best_share: FloatArray  # (n_cross,) mean of the best share of the progeny
    best: FloatArray  # (n_cross,) largest value seen
    r2: FloatArray  # (n_cross,) share of the variance that the control explains
    n_progeny: int


@dataclass(frozen=True)
class Simulation:
    """How crosses are simulated."""

    n_progeny: int  # of every cross; an odd number becomes the next even one
    factor: float  # intensity times accuracy
    share: float = 0.05  # of the progeny whose mean is `best_share`
    control: bool = True  # use the control variate; without it the plain moments


@dataclass(frozen=True)
class Origins:
    """Which parent's allele stands where in the progeny of any cross of two lines."""

    parent: Haplotypes  # (n, 2, n_locus) 0 from the first parent, 1 from the second

    def dosages(
        self,
        first: Haplotypes,  # (n_locus,) 0 or 1, of a gamete of the first line
        second: Haplotypes,  # (n_locus,)
    ) -> Haplotypes:  # (n, n_locus)
        """Return the copies that the progeny of two lines carry."""
        step = (second - first).astype(np.int8)
        from_second = self.parent.sum(axis=1, dtype=np.int8)
        from_second *= step
        from_second += 2 * first
        return from_second


def draw_origins(
    n: int, genetic_map: GeneticMap, progeny: Progeny, rng: np.random.Generator
) -> Origins:
    """Return the origins of `n` progeny, each with its complement.

    Raises
    ------
    ConfigError
        If fewer than 20 progeny are asked for.
    """
    if n < _LEAST_PROGENY:
        raise ConfigError(
            f"{n} simulated progeny say nothing of a cross",
            remedy=f"simulate {_LEAST_PROGENY} or more",
        )
    half = (n + 1) // 2
    plants = np.zeros((half, 2, genetic_map.n_locus), dtype=np.int8)
    plants[:, 1] = 1
    for _ in range(progeny.intermating):
        partner = rng.permutation(half)
        plants = cross(plants, plants[partner], genetic_map, rng)
    if progeny.kind == "selfed":
        made = self_plants(plants, genetic_map, rng, generations=progeny.generation)
    else:
        selfings = RIL_SELFINGS if progeny.kind == "ril" else progeny.generation - 1
        plants = self_plants(plants, genetic_map, rng, generations=selfings)
        gamete = gametes(plants, genetic_map, rng)
        made = np.stack([gamete, gamete], axis=1)
    both = np.stack([made, 1 - made], axis=1)  # pairs stand side by side
    return Origins(both.reshape(2 * half, 2, -1).astype(np.int8))


def simulate_crosses(
    predict: Predict,
    haplotypes: Haplotypes,  # (n_line, n_locus) 0 or 1, of inbred lines
    pairs: tuple[IntArray, IntArray],
    effect: FloatArray,  # (n_locus,) of one copy, of the control
    genetic_map: GeneticMap,
    progeny: Progeny,
    plan: Simulation,
    *,
    rng: np.random.Generator,
) -> SimulatedCrosses:
    """Return moments and usefulness of crosses by simulated progeny.

    Parameters
    ----------
    predict
        Values of dosages, loci in the order of the map.
    haplotypes
        Of the lines, in the same order.
    pairs
        Rows of the parents of each cross.
    effect
        A sum over loci close to the model: the control variate.
    genetic_map, progeny
        Where loci lie, and what is made of the F1.
    plan
        How many progeny, and what is read off them.
    rng
        The only source of randomness.

    References
    ----------
    Owen 2013, Monte Carlo theory, methods and examples, ch. 8 (antithetic pairs,
    control variates, common random numbers).
    """
    origins = draw_origins(plan.n_progeny, genetic_map, progeny, rng)
    first, second = pairs
    n = origins.parent.shape[0]
    value = np.empty((first.size, n))
    for row, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        value[row] = predict(origins.dosages(haplotypes[a], haplotypes[b]))
    with threadpool_limits(limits=1):  # many small decompositions
        shared = None
        if plan.control:
            known = _interactions(value, haplotypes, pairs, origins)
            shared = _Shared(effect, genetic_map, progeny, known, None)
            if any(fold.effect.size for fold in known):
                size = min(_POOL * n, max(n, _MOST_CALLS // genetic_map.n_locus))
                pool = draw_origins(size, genetic_map, progeny, rng)
                shared = replace(shared, pool=pool)
        rows = [
            _simulate_one(value[row], haplotypes[[a, b]], origins, shared, plan)
            for row, (a, b) in enumerate(
                zip(first.tolist(), second.tolist(), strict=True)
            )
        ]
    mean, sd, useful, error, top, best, r2 = np.array(rows).reshape(-1, 7).T
    return SimulatedCrosses(mean, sd, useful, error, top, best, r2, n)


@dataclass(frozen=True)
class _Shared:
    """What the controls of all crosses have in common."""

    effect: FloatArray  # (n_locus,)
    genetic_map: GeneticMap
    progeny: Progeny
    pairs: list[Pairs]  # of each fold, learned on the progeny of the others
    pool: Origins | None  # progeny of which only the control is computed


def _interactions(
    value: FloatArray,  # (n_cross, n)
    haplotypes: Haplotypes,
    pairs: tuple[IntArray, IntArray],
    origins: Origins,
) -> list[Pairs]:
    """Return, fold by fold, the pairs of loci that the other folds tell of."""
    n_cross, n = value.shape
    most = max(1, 2 * _MOST_ROWS // n)
    some = np.unique(np.linspace(0, n_cross - 1, min(most, n_cross)).astype(int))
    x = np.concatenate(
        [
            _codes(haplotypes[[pairs[0][row], pairs[1][row]]], origins)[::2]
            for row in some
        ]
    )
    even = ((value[some, ::2] + value[some, 1::2]) / 2).ravel()
    family = np.repeat(some, n // 2)
    fold = np.tile(np.arange(n // 2) % _FOLDS, some.size)
    nothing = np.ptp(value, axis=1).max(initial=0.0)
    spread = max(float(np.ptp(even[family == row])) for row in some)
    if spread <= 1e-9 * nothing:  # no more than rounding: a sum over loci
        none = np.zeros(0, dtype=np.int64)
        return [Pairs(none, none, np.zeros(0))] * _FOLDS
    return [
        find_pairs(x[fold != out], even[fold != out], family[fold != out])
        for out in range(_FOLDS)
    ]


def _codes(lines: Haplotypes, origins: Origins) -> Codes:  # (n, n_locus)
    """Return progeny coded -1, 0, 1, with 0 where the two lines are the same."""
    x = (origins.dosages(lines[0], lines[1]) - 1).astype(np.float32)
    x[:, lines[0] == lines[1]] = 0
    return x


def _simulate_one(
    value: FloatArray,  # (n,)
    lines: Haplotypes,  # (2, n_locus)
    origins: Origins,
    shared: _Shared | None,
    plan: Simulation,
) -> tuple[float, ...]:
    if shared is None:
        known = _Control(np.zeros(value.size), np.zeros(value.size), 0.0)
    else:
        known = _controls(value, lines, origins, shared)
    return _one_cross(value, known, plan.factor, plan.share)


@dataclass(frozen=True)
class _Control:
    """A sum over loci and pairs for each progeny, fitted on other progeny."""

    value: FloatArray  # (n,) less its mean
    mean: FloatArray  # (n,) exact for loci, from the pool for pairs
    variance: float  # mean over the folds
    pool_mean: FloatArray | None = None  # (n_pool,) what each tells of the mean
    pool_variance: FloatArray | None = None  # (n_pool,) and of the variance


def _controls(
    value: FloatArray,  # (n,)
    lines: Haplotypes,  # (2, n_locus)
    origins: Origins,
    shared: _Shared,
) -> _Control:
    """Return the control: effects given, what ridge adds on other folds, and pairs.

    Where a locus is fixed in a cross, the effects of those it interacts with are
    others than over all lines; the progeny of the cross themselves tell.
    """
    n, effect = value.size, shared.effect
    at = np.flatnonzero(lines[0] != lines[1])
    codes = _codes(lines, origins)
    x = codes[:, at].astype(np.float64)  # mean 0: each allele comes from either
    half = (lines[0, at].astype(np.float64) - lines[1, at]) / 2
    fixed = lines[0] == lines[1]
    level = 2.0 * float(lines[0, fixed] @ effect[fixed]) + float(effect[at].sum())
    fold = (np.arange(n) // 2) % _FOLDS  # a gamete and its complement stay together
    line, mean = np.empty(n), np.full(n, level)
    slopes = np.empty((_FOLDS, at.size))
    rest = value - level - x @ effect[at]
    wide = None if shared.pool is None else _codes(lines, shared.pool)
    at_once = [] if wide is None else [pairs.value(wide) for pairs in shared.pairs]
    moments = [float(part.mean()) for part in at_once] or [0.0] * _FOLDS
    for number in range(_FOLDS):
        out = fold == number
        slopes[number] = effect[at] + _ridge_slopes(x[~out], rest[~out])
        both = shared.pairs[number].value(codes[out]) - moments[number]
        line[out] = x[out] @ slopes[number] + both
        mean[out] += moments[number]
    weights = shared.progeny.weights
    here = shared.genetic_map.take(at)
    variance = float(transmission_variance(2 * half * slopes, here, weights).mean())
    if wide is None:
        return _Control(line, mean, variance)
    part = np.stack(at_once) - np.array(moments)[:, None]  # (n_fold, n_pool)
    single = slopes.astype(np.float32) @ wide[:, at].T
    # exact for loci; what pairs add, from the pool
    more = (part * (part + 2 * single)).mean(axis=0)
    return _Control(line, mean, variance + float(more.mean()), part.mean(axis=0), more)


def _ridge_slopes(
    x: FloatArray,  # (n, n_locus) of mean 0
    y: FloatArray,  # (n,)
) -> FloatArray:  # (n_locus,)
    """Return slopes of ridge regression in the dual, the ridge by leaving one out."""
    if not x.shape[1]:
        return np.zeros(0)
    centred = y - y.mean()
    left_of, size, right = np.linalg.svd(x, full_matrices=False)
    values, rotated = size**2, left_of.T @ centred
    ridges = _RIDGES * max(float(values.mean()), 1e-12)
    kept = values / (values + ridges[:, None])  # (n_ridge, n_axis)
    error = centred - (kept * rotated) @ left_of.T
    leverage = 1 - kept @ (left_of**2).T
    score = np.sum((error / np.maximum(leverage, 1e-6)) ** 2, axis=1)
    ridge = ridges[int(np.argmin(score))]
    return right.T @ (rotated * size / (values + ridge))


def _one_cross(
    value: FloatArray,  # (n,) of the progeny
    control: _Control,
    factor: float,
    share: float,
) -> tuple[float, ...]:
    """Return mean, sd, usefulness, its error, mean of the best, the best, r2."""
    line, n = control.value, value.size
    moved = value - control.mean
    around = line - line.mean()
    spread = float(around @ around)
    slope = float(around @ moved / spread) if spread > 0 else 0.0
    shift = float((moved - slope * line).mean())
    mean = float(control.mean[0]) + shift
    rest = moved - shift - slope * line
    left = float(rest.var()) * n / max(n - 2, 1)
    variance = slope**2 * control.variance + left
    sd = float(np.sqrt(max(variance, 0.0)))
    influence = rest.copy()
    if sd > 0:
        square = rest**2 - left + 2 * slope * line * rest
        influence += factor * square / (2 * sd)
    pairs = influence.reshape(-1, 2).mean(axis=1)
    error = float(pairs.std(ddof=1) / np.sqrt(pairs.size))
    if control.pool_mean is not None and control.pool_variance is not None and sd > 0:
        told = slope * control.pool_mean + slope**2 * factor * control.pool_variance / (
            2 * sd
        )
        pairs = told.reshape(-1, 2).mean(axis=1)
        error = float(np.hypot(error, pairs.std(ddof=1) / np.sqrt(pairs.size)))
    top = np.sort(value)[-max(1, round(share * n)) :]
    known = 1 - left / variance if variance > 0 else 1.0
    useful = mean + factor * sd
    return mean, sd, useful, error, float(top.mean()), float(top[-1]), known


def undecided(
    linear: FloatArray,  # (n_cross,) usefulness by the linear formula
    misfit: float,  # sd of what the formula misses, from a pilot
    k: int,
) -> IntArray:
    """Return the crosses that the linear formula cannot place in or out of the best k.

    Those that reach the k-th best within two misfits of both, best first.

    Examples
    --------
    >>> undecided(np.array([5.0, 4.0, 3.2, 0.0]), 0.3, 2).tolist()
    [0, 1, 2]
    """
    order = np.argsort(-linear, kind="stable")
    bar = linear[order[min(k, linear.size) - 1]] - 2 * np.sqrt(2) * misfit
    return order[linear[order] >= bar]


def pilot_rows(
    n_cross: int, n_pilot: int, rng: np.random.Generator
) -> IntArray:  # (n_pilot,)
    """Return which of the crosses, best first, are simulated to learn the misfit."""
    return np.sort(rng.choice(n_cross, min(n_pilot, n_cross), replace=False))
