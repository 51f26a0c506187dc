"""Measures of agreement between observed and predicted values.

Pure functions of (y, y_hat). Pairs in which either is NaN are left out. Where a
measure is undefined (too few pairs, constant observations) it is NaN; where the
*prediction* is constant, correlations are 0, because a constant prediction ranks
nothing and a model must not escape a bad fold by predicting one number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from meristem.records import FloatArray
from meristem.stats.ranks import average_ranks

Weights = FloatArray | None
"""Non-negative, (n,) as the values; None: equal."""

MIN_PAIRS = 3
"""Fewer pairs than this say nothing about a correlation."""

CONSTANT = 1e-12
"""A range below this, relative to the values' size, is rounding noise."""


def pearson(
    y: FloatArray,  # (n,)
    y_hat: FloatArray,  # (n,)
    weights: FloatArray | None = None,  # (n,)
) -> float:
    """Return Pearson's r, the predictive ability.

    Parameters
    ----------
    y, y_hat
        Observed and predicted values.
    weights
        Non-negative weights; default: equal.

    Returns
    -------
    float
        -1..1; 0 for constant predictions; NaN for fewer than 3 pairs or constant
        observations.

    Examples
    --------
    >>> import numpy as np
    >>> round(pearson(np.array([1.0, 2, 3, 5]), np.array([1.0, 3, 2, 4])), 3)
    0.832
    """
    y, y_hat, w = _pairs(y, y_hat, weights)
    if y.size < MIN_PAIRS or _constant(y, y):
        return float("nan")
    if _constant(y_hat, y):
        return 0.0
    a, b = y - w @ y, y_hat - w @ y_hat
    r = (w * a) @ b / np.sqrt((w * a) @ a * ((w * b) @ b))
    return float(np.clip(r, -1, 1))


def spearman(y: FloatArray, y_hat: FloatArray, weights: Weights = None) -> float:
    """Return Spearman's rank correlation, ties at their mean rank."""
    y, y_hat, w = _pairs(y, y_hat, weights)
    if y.size < MIN_PAIRS or _constant(y, y):
        return float("nan")
    if _constant(y_hat, y):
        return 0.0
    return pearson(average_ranks(y), average_ranks(y_hat), w)


def ndcg(y: FloatArray, y_hat: FloatArray, k: int) -> float:
    """Return the normalised discounted cumulative gain of the top k.

    DCG@k = sum over i = 1..k of gain(line ranked i-th by prediction) / log2(i + 1),
    divided by its largest possible value. The gain is linear, y - min(y) over the
    lines compared: it cannot be negative and does not depend on the origin of the
    scale. Tied predictions share the mean gain of their places.

    References
    ----------
    Blondel et al. 2015, PLoS ONE 10:e0128570, equations 4-5 (linear gain);
    McSherry & Najork 2008, ECIR, for ties.

    Examples
    --------
    >>> import numpy as np
    >>> ndcg(np.array([3.0, 2, 1]), np.array([9.0, 5, 1]), k=2)
    1.0
    """
    y, y_hat, _ = _pairs(y, y_hat, None)
    if y.size < MIN_PAIRS or _constant(y, y):
        return float("nan")
    gain = y - y.min()
    discount = 1 / np.log2(np.arange(y.size) + 2)
    discount[k:] = 0
    best = np.sort(gain)[::-1] @ discount
    return float(_shared_gain(gain, y_hat) @ discount / best)


def top_coincidence(y: FloatArray, y_hat: FloatArray, k: int) -> float:
    """Return the share of the observed best k among the predicted best k.

    Lines tied at the k-th place count with the probability of being drawn, so that
    the value is an expectation: k / n for constant predictions.

    Examples
    --------
    >>> import numpy as np
    >>> top_coincidence(np.array([4.0, 3, 2, 1]), np.array([4.0, 1, 3, 2]), k=2)
    0.5
    """
    y, y_hat, _ = _pairs(y, y_hat, None)
    if y.size < MIN_PAIRS:
        return float("nan")
    k = min(k, y.size)
    return float(_chance_of_top(y, k) @ _chance_of_top(y_hat, k) / k)


def slope(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the regression of observed on predicted; below 1 = inflated spread.

    References
    ----------
    Legarra & Reverter 2018, Genet Sel Evol 50:53, dispersion.
    """
    y, y_hat, w = _pairs(y, y_hat, None)
    if y.size < MIN_PAIRS or _constant(y_hat, y):
        return float("nan")
    b = y_hat - w @ y_hat
    return float((w * b) @ y / ((w * b) @ b))


def intercept(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the intercept of the regression of observed on predicted."""
    y, y_hat, _ = _pairs(y, y_hat, None)
    if y.size == 0:
        return float("nan")
    return float(y.mean() - slope(y, y_hat) * y_hat.mean())


def bias(y: FloatArray, y_hat: FloatArray) -> float:
    """Return the mean of predicted - observed; above 0 = predicted too high."""
    y, y_hat, _ = _pairs(y, y_hat, None)
    return float((y_hat - y).mean()) if y.size > 0 else float("nan")


def mse(y: FloatArray, y_hat: FloatArray, weights: Weights = None) -> float:
    """Return the mean squared error."""
    y, y_hat, w = _pairs(y, y_hat, weights)
    return float(w @ (y - y_hat) ** 2) if y.size > 0 else float("nan")


def relative_mse(y: FloatArray, y_hat: FloatArray, weights: Weights = None) -> float:
    """Return MSE / Var(y), the variance taken over the lines compared (divisor n)."""
    y, y_hat, w = _pairs(y, y_hat, weights)
    if y.size < MIN_PAIRS or _constant(y, y):
        return float("nan")
    variance = w @ (y - w @ y) ** 2
    return float(w @ (y - y_hat) ** 2 / variance)


def r2(y: FloatArray, y_hat: FloatArray, weights: Weights = None) -> float:
    """Return the coefficient of determination, 1 - SSE / SST; may be negative."""
    return 1 - relative_mse(y, y_hat, weights)


def coverage(
    y: FloatArray,  # (n,)
    low: FloatArray,  # (n,)
    high: FloatArray,  # (n,)
) -> float:
    """Return the share of observed values inside their interval, ends included."""
    known = ~(np.isnan(y) | np.isnan(low) | np.isnan(high))
    if not known.any():
        return float("nan")
    inside = (y >= low) & (y <= high)
    return float(inside[known].mean())


def top_count(n: int, share: float) -> int:
    """Return how many of `n` lines are the top `share`; at least 1."""
    return max(1, min(n, int(np.floor(share * n + 0.5))))


METRICS: dict[str, Callable[[FloatArray, FloatArray, int], float]] = {
    "pearson": lambda y, y_hat, k: pearson(y, y_hat),
    "spearman": lambda y, y_hat, k: spearman(y, y_hat),
    "ndcg": ndcg,
    "top_coincidence": top_coincidence,
    "slope": lambda y, y_hat, k: slope(y, y_hat),
    "intercept": lambda y, y_hat, k: intercept(y, y_hat),
    "bias": lambda y, y_hat, k: bias(y, y_hat),
    "mse": lambda y, y_hat, k: mse(y, y_hat),
    "relative_mse": lambda y, y_hat, k: relative_mse(y, y_hat),
    "r2": lambda y, y_hat, k: r2(y, y_hat),
}
"""Name -> function of (y, y_hat, k); k is the number of lines in the top."""


def _pairs(
    y: FloatArray, y_hat: FloatArray, weights: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the complete pairs, and weights that sum to 1."""
    w = np.ones(y.shape) if weights is None else weights
    known = ~(np.isnan(y) | np.isnan(y_hat)) & (w > 0)
    w = w[known]
    return y[known], y_hat[known], w / w.sum() if w.size > 0 else w


def _constant(x: FloatArray, reference: FloatArray) -> bool:
    size = max(float(np.abs(x).max()), float(reference.std()))
    return bool(np.ptp(x) <= CONSTANT * size)


def _shared_gain(gain: FloatArray, y_hat: FloatArray) -> FloatArray:
    """Return the gains in predicted order, tied predictions at their mean gain."""
    order = np.argsort(-y_hat, kind="stable")
    _, tie, size = np.unique(-y_hat[order], return_inverse=True, return_counts=True)
    mean = np.bincount(tie, weights=gain[order]) / size
    return mean[tie]


def _chance_of_top(x: FloatArray, k: int) -> FloatArray:
    threshold = np.sort(x)[-k]
    above = x > threshold
    tied = x == threshold
    return above + tied * ((k - above.sum()) / tied.sum())
