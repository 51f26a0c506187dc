"""Measures of predicted probabilities of a trait of two classes, 0 and 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit, ndtri

from meristem.records import FloatArray
from meristem.stats.normal import normal_density
from meristem.stats.ranks import average_ranks

LEAST = 1e-3
"""Probabilities are taken as at least this and at most 1 - this.

A regression predicts values outside of 0 and 1; they count as sure, not as impossible.
"""

_STEPS = 50


def is_binary(y: FloatArray) -> bool:
    """Tell whether values are 0 and 1, both of them."""
    known = y[~np.isnan(y)]
    return set(np.unique(known).tolist()) == {0.0, 1.0}


def auc(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the chance that a 1 is ranked above a 0; ties count half.

    Examples
    --------
    >>> auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.9]))
    0.875
    """
    y, y_hat = _pairs(y, y_hat)
    n_one = y.sum()
    n_zero = y.size - n_one
    if n_one == 0 or n_zero == 0:
        return float("nan")
    total = average_ranks(y_hat)[y == 1].sum()
    return float((total - n_one * (n_one + 1) / 2) / (n_one * n_zero))


def log_loss(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the mean of -log of the probability given to what happened."""
    y, p = _pairs(y, y_hat)
    p = np.clip(p, LEAST, 1 - LEAST)
    if y.size == 0:
        return float("nan")
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))


def brier(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the mean squared difference of probability and outcome."""
    y, p = _pairs(y, y_hat)
    return float(np.mean((y - np.clip(p, 0, 1)) ** 2)) if y.size else float("nan")


def calibration_slope(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the slope of the outcome's logit on that of the probability.

    1 where probabilities are as extreme as they should be, less where they are more
    extreme than that.

    References
    ----------
    Cox 1958, Biometrika 45:562.
    """
    y, p = _pairs(y, y_hat)
    x = logit(np.clip(p, LEAST, 1 - LEAST))
    if y.size < 3 or np.ptp(x) < 1e-9 or np.ptp(y) == 0:
        return float("nan")
    design = np.column_stack([np.ones_like(x), x])
    beta = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        chance = expit(design @ beta)
        weight = chance * (1 - chance) + 1e-9
        left = (design * weight[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(left, design.T @ (y - chance))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return float(beta[1])


def liability_h2(
    h2: float,  # of values 0 and 1
    share: float,  # of ones, between 0 and 1
) -> float:
    """Return the heritability of the liability behind a trait of two classes.

    References
    ----------
    Dempster & Lerner 1950, Genetics 35:212: h2_observed = h2 z^2 / (p (1 - p)), z the
    height of the normal density at the threshold.

    Examples
    --------
    >>> round(liability_h2(0.2, 0.5), 3)  # pi / 2 times as large
    0.314
    """
    height = normal_density(ndtri(share))
    return float(h2 * share * (1 - share) / height**2)


CLASS_METRICS: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    "auc": auc,
    "log_loss": log_loss,
    "brier": brier,
    "calibration_slope": calibration_slope,
}
"""Name -> function of (y, probability); y is 0 or 1."""


def _pairs(y: FloatArray, y_hat: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = ~(np.isnan(y) | np.isnan(y_hat))
    return y[known], y_hat[known]
