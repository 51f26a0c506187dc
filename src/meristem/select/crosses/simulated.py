"""Usefulness under a nonlinear model: simulated progeny, linear control variate.

The mean of doubled haploids is not the mid-parent once loci interact. Every cross gets
the same crossovers (common random numbers) and each gamete its complement (antithetic),
so that what is additive has no error in the mean. A sum over loci, whose mean and
variance are known exactly, is the control: only what it does not explain is noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError
from meristem.genetics.maps import GeneticMap
from meristem.genetics.meiosis import Haplotypes, cross, gametes, self_plants
from meristem.genetics.transmission import transmission_variance
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.progeny import Progeny

Predict = Callable[[Haplotypes], FloatArray]  # (n, n_locus) dosages -> (n,) values

RIL_SELFINGS = 10
"""Selfings after which a simulated line is taken as fixed (by a doubled haploid)."""
_LEAST_PROGENY = 20
_FOLDS = 4
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
    with threadpool_limits(limits=1):  # many small decompositions
        rows = [
            _simulate_one(
                predict, haplotypes[[a, b]], origins, effect, genetic_map, progeny, plan
            )
            for a, b in zip(first.tolist(), second.tolist(), strict=True)
        ]
    columns = np.array(rows).reshape(-1, 7).T
    return SimulatedCrosses(*columns, n_progeny=origins.parent.shape[0])


def _simulate_one(
    predict: Predict,
    lines: Haplotypes,  # (2, n_locus)
    origins: Origins,
    effect: FloatArray,
    genetic_map: GeneticMap,
    progeny: Progeny,
    plan: Simulation,
) -> tuple[float, ...]:
    dosage = origins.dosages(lines[0], lines[1])
    value = predict(dosage)
    if plan.control:
        parents = lines.astype(np.float64)
        known = _controls(value, dosage, parents, effect, genetic_map, progeny)
    else:
        known = _Control(np.zeros(value.size), np.zeros(value.size), 0.0)
    return _one_cross(value, known, plan.factor, plan.share)


@dataclass(frozen=True)
class _Control:
    """A sum over loci for each progeny, fitted on other progeny of the cross."""

    value: FloatArray  # (n,) less its exact mean
    mean: FloatArray  # (n,) exact
    variance: float  # exact, mean over the folds


def _controls(
    value: FloatArray,  # (n,)
    dosage: Haplotypes,  # (n, n_locus)
    parents: FloatArray,  # (2, n_locus) gametes of the two lines
    effect: FloatArray,  # (n_locus,)
    genetic_map: GeneticMap,
    progeny: Progeny,
) -> _Control:
    """Return the control: the effects given, and what ridge adds on other folds.

    Where a locus is fixed in a cross, the effects of those it interacts with are
    others than over all lines; the progeny of the cross itself tell.
    """
    n = value.size
    at = np.flatnonzero(parents[0] != parents[1])
    fixed = float(parents.sum(axis=0) @ effect) - float(
        parents[:, at].sum(axis=0) @ effect[at]
    )
    x = dosage[:, at] - 1.0  # mean 0 exactly: each allele comes from either parent
    half = (parents[0, at] - parents[1, at]) / 2
    here = genetic_map.take(at)
    fold = (np.arange(n) // 2) % _FOLDS  # a gamete and its complement stay together
    level = fixed + float(effect[at].sum())
    line, variance = np.empty(n), np.empty(_FOLDS)
    slopes = np.empty((_FOLDS, at.size))
    rest = value - level - x @ effect[at]
    for number in range(_FOLDS):
        out = fold == number
        slopes[number] = effect[at] + _ridge_slopes(x[~out], rest[~out])
        line[out] = x[out] @ slopes[number]
    variance = transmission_variance(2 * half * slopes, here, progeny.weights)
    return _Control(line, np.full(n, level), float(variance.mean()))


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
    spread = float(line @ line)
    slope = float(line @ moved / spread) if spread > 0 else 0.0
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
