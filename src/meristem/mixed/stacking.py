"""How much of a prediction the network earns beside the linear path."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray

_FEWEST = 10
"""Rows predicted out of fold from which they decide anything."""
_CLEAR = 2.0
"""Standard errors by which a richer model has to lead."""


def network_share(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    linear: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    network: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
) -> FloatArray:  # (n_target,) in [0, 1]
    """Return the share b of the network in (1 - b) linear + b network.

    b minimises the squared error of out-of-fold predictions and is then shrunk by
    its sampling variance (positive-part James-Stein) towards zero: where the
    network does not beat the linear path by more than chance, the model is the
    linear path. Only where b is above one half and beyond three standard errors from
    zero, it is shrunk towards one instead: there the linear path is the noise.

    Parameters
    ----------
    observed, weight
        Training phenotypes and their precision.
    linear, network
        Predictions of rows by models that did not learn from them.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions); James & Stein 1961.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=(200, 1))
    >>> good, bad = y + 0.1 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    >>> network_share(y, np.ones_like(y), bad, good).round(1)
    array([1.])
    >>> network_share(y, np.ones_like(y), good, bad).round(1)
    array([0.])
    """
    share = np.zeros(observed.shape[1])
    slopes = held_out_slopes(observed, weight, linear, network - linear)
    for t, (slope, variance) in slopes.items():
        share[t] = _shrunk(slope, variance)
    return share


def held_out_slopes(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    linear: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    extra: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
) -> dict[int, tuple[float, float]]:
    """Return target -> least-squares weight of `extra` and its sandwich variance.

    Targets with too few held-out rows, or nothing extra in them, are left out.
    """
    left = observed - linear
    usable = np.isfinite(left) & np.isfinite(extra)
    slopes = {}
    for t in range(observed.shape[1]):
        rows = usable[:, t]
        w, x, rest = weight[rows, t], extra[rows, t], left[rows, t]
        power = float(np.sum(w * x**2))
        if rows.sum() < _FEWEST or power <= 0:
            continue
        b = float(np.sum(w * x * rest)) / power
        # sandwich: errors of near-perfect predictions are far from normal
        variance = float(np.sum((w * x * (rest - b * x)) ** 2)) / power**2
        slopes[t] = b, max(variance, 1e-12)
    return slopes


def clearly_better(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    simple: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    rich: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
) -> bool:
    """Return whether the richer of two models predicts unseen rows better.

    The paired difference of squared errors, each target by its variance, has to
    exceed twice its standard error.

    Parameters
    ----------
    observed, weight
        Training phenotypes and their precision.
    simple, rich
        Predictions of rows by models that did not learn from them.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=(200, 1))
    >>> good, bad = y + 0.1 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    >>> one = np.ones_like(y)
    >>> [clearly_better(y, one, *pair) for pair in ((bad, good), (good, good))]
    [True, False]
    """
    usable = np.isfinite(observed) & np.isfinite(simple) & np.isfinite(rich)
    rows = usable.any(axis=1)
    if rows.sum() < _FEWEST:
        return False
    value, count = np.where(usable, observed, 0.0), np.maximum(usable.sum(axis=0), 1)
    away = np.where(usable, observed - value.sum(axis=0) / count, 0.0)
    variance = (away**2).sum(axis=0) / count
    unit = np.where(variance > 0, variance, 1.0)
    error = np.where(usable, (observed - simple) ** 2 - (observed - rich) ** 2, 0.0)
    w = np.where(usable, weight, 0.0)
    gain = (w * error / unit).sum(axis=1)[rows]
    deviation = float(np.sqrt(((gain - gain.mean()) ** 2).sum()))
    return float(gain.sum()) > _CLEAR * deviation


def _shrunk(slope: float, variance: float) -> float:
    if slope <= 0:
        return 0.0
    if slope > 0.5 and slope**2 > 9 * variance:
        short = 1.0 - slope
        kept = max(0.0, 1 - variance / max(short**2, 1e-300))
        return float(np.clip(1.0 - short * kept, 0.0, 1.0))
    # twice the variance, as AIC charges a parameter: a small share has to be earned
    return slope * max(0.0, 1 - 2 * variance / slope**2)
