"""Intervals of a mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.stats

from meristem.records import FloatArray

LEVEL = 0.95


def mean_interval(
    values: Sequence[float] | FloatArray,
) -> tuple[float, float, float]:  # mean, low, high
    """Return mean and its two-sided 95 % t interval; NaN of fewer than two values.

    Examples
    --------
    >>> [round(value, 2) for value in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size < 2:
        return float(x.mean()) if x.size else float("nan"), float("nan"), float("nan")
    half = scipy.stats.t.ppf((1 + LEVEL) / 2, x.size - 1) * x.std(ddof=1)
    half /= np.sqrt(x.size)
    return float(x.mean()), float(x.mean() - half), float(x.mean() + half)
