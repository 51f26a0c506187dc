"""Bootstrap of the mean predictive ability over folds, many draws at a time.

Lines are drawn, not rows: a line that is tested in every replicate comes or stays
away in all of them together, and the same draw serves all models. The difference of
two models is then a paired difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.records import FloatArray, IntArray, StrArray

TINY = 1e-12
"""A variance below this share of the mean square is rounding noise."""


def draw_counts(
    units: tuple[StrArray, ...],  # each (n_line,)
    n_draw: int,
    rng: np.random.Generator,
) -> FloatArray:  # (n_draw, n_line)
    """Return how often each line occurs in each bootstrap draw.

    Parameters
    ----------
    units
        What is drawn with replacement: the line names, or, for hybrids, the names of
        the first and of the second parents. With two kinds a line occurs as often as
        the product of its two units (the pigeonhole bootstrap), because lines that
        share a parent are not independent.
    n_draw
        Number of draws.
    rng
        Source of randomness.

    References
    ----------
    Owen 2007, Ann Appl Stat 1:386 (pigeonhole bootstrap).
    """
    counts = np.ones((n_draw, units[0].size))
    for names in units:
        _, index = np.unique(names, return_inverse=True)
        n_unit = int(index.max()) + 1
        drawn = rng.multinomial(n_unit, np.full(n_unit, 1 / n_unit), size=n_draw)
        counts *= drawn[:, index]
    return counts


def percentile_interval(
    draws: FloatArray | Sequence[float],  # (n_draw, ...)
    level: float,
) -> tuple[FloatArray, FloatArray]:  # each (...,)
    """Return the ends between which the middle `level` of the draws lies.

    Examples
    --------
    >>> low, high = percentile_interval(range(101), 0.9)
    >>> round(float(low)), round(float(high))
    (5, 95)
    """
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(draws, [tail, 100 - tail], axis=0)
    return low, high


def weighted_pearson(
    counts: FloatArray,  # (n_draw, n_row)
    y: FloatArray,  # (n_row,)
    y_hat: FloatArray,  # (n_row,)
) -> FloatArray:  # (n_draw,)
    """Return Pearson's r of each draw: 0 where y_hat, NaN where y does not vary."""
    a, b = y - y.mean(), y_hat - y_hat.mean()
    moments = np.stack([np.ones(a.size), a, b, a * a, b * b, a * b], axis=1)
    size, sa, sb, saa, sbb, sab = (counts @ moments).T
    size = np.maximum(size, 1)
    var_a = saa / size - (sa / size) ** 2
    var_b = sbb / size - (sb / size) ** 2
    covariance = sab / size - sa * sb / size**2
    flat_a = var_a <= TINY * max(float(a @ a) / a.size, np.finfo(float).tiny)
    flat_b = var_b <= TINY * max(float(b @ b) / b.size, np.finfo(float).tiny)
    scale = np.sqrt(np.where(flat_a | flat_b, 1.0, var_a * var_b))
    r = np.where(flat_b, 0.0, np.clip(covariance / scale, -1, 1))
    return np.where(flat_a, np.nan, r)


def mean_fold_pearson(
    counts: FloatArray,  # (n_draw, n_line)
    line: IntArray,  # (n_row,) column of `counts`
    fold: IntArray,  # (n_row,) number of the fold, over all replicates
    y: FloatArray,  # (n_row,)
    y_hat: FloatArray,  # (n_row,)
) -> FloatArray:  # (n_draw,)
    """Return the mean over folds of Pearson's r of each draw.

    A fold whose observations do not vary in a draw is left out of that draw.
    """
    total = np.zeros(counts.shape[0])
    defined = np.zeros(counts.shape[0])
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        r = weighted_pearson(counts[:, line[rows]], y[rows], y_hat[rows])
        known = ~np.isnan(r)
        total += np.where(known, r, 0)
        defined += known
    return np.where(defined > 0, total / np.maximum(defined, 1), np.nan)
