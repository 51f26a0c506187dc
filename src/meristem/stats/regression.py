"""The straight line through points, with its correlation."""

from __future__ import annotations

import math

import numpy as np


def regression(y: np.ndarray, x: np.ndarray) -> tuple[float, float, float]:
    """Return slope, intercept and correlation of y on x; NaN where undefined.

    Examples
    --------
    >>> regression(np.array([1.0, 3.0, 5.0]), np.array([0.0, 1.0, 2.0]))
    (2.0, 1.0, 1.0)
    """
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan, math.nan, math.nan
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    r = float(dx @ dy / math.sqrt((dx @ dx) * (dy @ dy)))
    return slope, float(y.mean() - slope * x.mean()), r
