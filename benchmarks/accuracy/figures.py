"""Figures of a benchmark, and how they are written."""

from __future__ import annotations

import numpy as np

from meristem.stats.intervals import mean_interval as mean_interval


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's r; 0 where one side does not vary."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def number(value: float) -> str:
    """Return a figure as it is kept: six digits, empty where unknown."""
    return f"{value:.6g}" if np.isfinite(value) else ""
