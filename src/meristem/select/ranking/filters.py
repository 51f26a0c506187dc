"""The funnel: filters in order, how many lines each takes and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, Posterior

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Filter:
    """A test that every candidate passes or fails."""

    name: str
    passes: Mask  # (n_sample,)


@dataclass(frozen=True)
class FunnelStep:
    """What is left after a filter."""

    name: str
    removed: int
    left: int
    mean: float  # index of the lines left
    best: float  # mean index of the best k of them
    lost: float  # of the best k, against the step before; >= 0


@dataclass(frozen=True)
class Funnel:
    """All steps, and the lines that pass them."""

    steps: tuple[FunnelStep, ...]
    passed: Mask  # (n_sample,)
    failed_at: NDArray[np.str_]  # (n_sample,) the first filter not passed; "" none
    left: tuple[Mask, ...]  # of every step, each (n_sample,)


def run_filters(
    index: FloatArray,  # (n_sample,)
    filters: Sequence[Filter],
    k: int,
    *,
    counted: Mask | None = None,  # (n_sample,)
    spared: Mask | None = None,  # (n_sample,)
) -> Funnel:
    """Apply filters in order; say after each how many are left and what was lost.

    Parameters
    ----------
    index
        What the candidates are ranked by.
    filters
        In order.
    k
        How many will be selected: what a filter costs is told of the best k.
    counted
        Candidates; others (checks) are shown and never counted. Default: all.
    spared
        Lines that pass every filter whatever they are.

    Examples
    --------
    >>> worst = Filter("no best line", np.array([False, True, True]))
    >>> funnel = run_filters(np.array([3.0, 2.0, 1.0]), [worst], k=2)
    >>> [(s.name, s.left, s.lost) for s in funnel.steps]
    [('candidates', 3, 0.0), ('no best line', 2, 1.0)]
    """
    passed = np.ones(index.size, dtype=bool) if counted is None else counted.copy()
    spared = np.zeros(index.size, dtype=bool) if spared is None else spared
    failed_at = np.full(index.size, "", dtype=object)
    steps, left = [_step("candidates", index, passed, k, None)], [passed]
    for item in filters:
        kept = passed & (item.passes | spared)
        failed_at[passed & ~kept] = item.name
        passed = kept
        steps.append(_step(item.name, index, passed, k, steps[-1]))
        left.append(passed)
    return Funnel(tuple(steps), passed, failed_at.astype(np.str_), tuple(left))


def _step(
    name: str, index: FloatArray, left: Mask, k: int, before: FunnelStep | None
) -> FunnelStep:
    values = np.sort(index[left])[::-1]
    mean = float(values.mean()) if values.size else np.nan
    best = float(values[:k].mean()) if values.size else np.nan
    removed = 0 if before is None else before.left - values.size
    lost = 0.0 if before is None or removed == 0 else before.best - best
    return FunnelStep(name, removed, int(values.size), mean, best, lost)


def culling_chance(
    posterior: Posterior,
    least: FloatArray,  # (n_target,) -inf where there is no bound
    most: FloatArray,  # (n_target,) inf where there is no bound
    rng: np.random.Generator,
    *,
    n_draw: int = 1000,
) -> FloatArray:  # (n_sample,)
    """Return the chance that a line keeps to all bounds at once, by joint draws.

    A point value just above a threshold is below it about half the time; the chance
    says how safe a line is on all its traits together.

    Examples
    --------
    >>> belief = Posterior(
    ...     np.array(["a", "b"]), np.array(["yield"]), np.array([""]),
    ...     mean=np.array([[3.0], [9.0]]), factor=np.zeros((1, 2, 0)),
    ...     independent=np.ones((2, 1)), prior_variance=np.full((2, 1), 2.0),
    ...     noise=np.array([1.0]),
    ... )
    >>> bounds = np.array([3.0]), np.array([np.inf])
    >>> culling_chance(belief, *bounds, np.random.default_rng(1)).round(1)
    array([0.5, 1. ])
    """
    n = posterior.sample_id.size
    inside = np.zeros(n)
    block = max(1, min(n_draw, 20_000_000 // max(posterior.mean.size, 1)))
    for start in range(0, n_draw, block):
        drawn = posterior.draws(min(block, n_draw - start), rng)
        inside += ((drawn >= least) & (drawn <= most)).all(axis=2).sum(axis=0)
    return inside / n_draw
