"""What a set of selected lines is expected to gain, with an interval.

The errors of related lines go together: the mean of a set is less certain than the
errors of its lines, taken as independent, say. Only joint draws give its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray, IntArray
from meristem.select.ranking.intensity import finite_intensity
from meristem.stats.bootstrap import percentile_interval

LEVEL = 0.9
"""Coverage of the intervals of promises."""


@dataclass(frozen=True)
class SetGain:
    """Mean of a set above the mean of all candidates, or of another set."""

    expected: float
    low: float
    high: float
    sd: float


def set_gain(
    drawn: FloatArray,  # (n_draw, n_sample)
    chosen: IntArray,  # (n_chosen,)
    base: IntArray | None = None,  # (n_base,) default: all
    *,
    level: float = LEVEL,
) -> SetGain:
    """Return the expected gain of a set of lines, from joint draws of their values.

    Parameters
    ----------
    drawn
        Joint draws of the values of all candidates (see `index.merit.merit_draws`).
    chosen, base
        Rows of the set, and of what it is compared with.
    level
        Coverage of the interval.

    Examples
    --------
    >>> drawn = np.array([[2.0, 0.0, 1.0], [4.0, 0.0, 2.0]])
    >>> set_gain(drawn, np.array([0])).expected
    1.5
    """
    return gain_of(
        drawn[:, chosen].mean(axis=1)
        - (drawn if base is None else drawn[:, base]).mean(axis=1),
        level=level,
    )


def gain_of(
    difference: FloatArray,  # (n_draw,)
    *,
    level: float = LEVEL,
) -> SetGain:
    """Return mean, interval and standard deviation of drawn differences."""
    low, high = percentile_interval(difference, level)
    return SetGain(
        float(difference.mean()), float(low), float(high), float(difference.std())
    )


def formula_gain(
    n: int,
    k: int,
    accuracy: float,
    genetic_sd: float,
) -> float:
    """Return i r s, the gain of the best k of n unrelated candidates.

    The same quantity as `set_gain`, foreseen before the candidates are known: the two
    do not add up.

    Examples
    --------
    >>> round(formula_gain(100, 10, accuracy=0.5, genetic_sd=2.0), 3)
    1.73
    """
    return finite_intensity(n, k) * accuracy * genetic_sd


def top_chance(
    drawn: FloatArray,  # (n_draw, n_sample)
    k: int,
) -> FloatArray:  # (n_sample,)
    """Return how often every line is among the best k of the draws.

    Examples
    --------
    >>> top_chance(np.array([[2.0, 0.0, 1.0], [0.0, 4.0, 2.0]]), 2)
    array([0.5, 0.5, 1. ])
    """
    n_draw, n = drawn.shape
    if k >= n:
        return np.ones(n)
    best = np.argpartition(-drawn, k - 1, axis=1)[:, :k]
    return np.bincount(best.ravel(), minlength=n) / n_draw


def better_chance(
    drawn: FloatArray,  # (n_draw, n_sample)
    check: IntArray,  # (n_check,)
) -> FloatArray:  # (n_sample,)
    """Return how often every line is better than the best of the checks.

    Examples
    --------
    >>> better_chance(np.array([[2.0, 0.0, 1.0], [3.0, 4.0, 2.0]]), np.array([2]))
    array([1. , 0.5, 0. ])
    """
    best = drawn[:, check].max(axis=1, keepdims=True)
    return (drawn > best).mean(axis=0)
