"""How held-out predictions of several models are combined, and compared."""

from __future__ import annotations

import numpy as np
import scipy

from meristem.records import FloatArray

FEWEST = 10
"""Rows predicted out of fold from which they decide anything."""
_CLEAR = 2.0
"""Standard errors by which a richer model has to lead."""


def stack(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    held: FloatArray,  # (n_model, n_sample, n_target) out of fold, NaN where none
    prior: FloatArray,  # (n_model,) adding up to 1
    *,
    sd: float,
) -> FloatArray:  # (n_model, n_target)
    """Return the weights of models in a mean of their predictions.

    Weights are at least 0 and add up to 1. Beforehand they are normal about `prior`,
    and held-out rows are normal about the weighted mean of the predictions: the
    result is the mode. Where fewer than ten rows were held out it is `prior`.

    Parameters
    ----------
    observed, weight
        Training phenotypes and their precision.
    held
        Predictions of rows by models that did not learn from them.
    prior
        Weights beforehand.
    sd
        Standard deviation of each weight beforehand.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions, weights not negative);
    Efron & Morris 1973, JASA 68:117 (shrinkage towards a prior mean).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y, ones = rng.normal(size=(200, 1)), np.ones((200, 1))
    >>> held = np.stack([rng.normal(size=(200, 1)), 0.9 * y])
    >>> stack(y, ones, held, np.array([0.5, 0.5]), sd=0.3)[:, 0].round(1)
    array([0., 1.])
    """
    result = np.repeat(prior[:, None], observed.shape[1], axis=1)
    usable = np.isfinite(observed) & np.isfinite(held).all(axis=0)
    for t in np.flatnonzero(usable.sum(axis=0) >= FEWEST).tolist():
        rows = usable[:, t]
        root = np.sqrt(weight[rows, t] / weight[rows, t].mean())
        y = observed[rows, t] * root
        # weights that add up to 1 pass over what all models have in common
        away = held[:, rows, t] * root - y
        left = _mode(away, prior, 0.0) @ away
        noise = max(float(np.mean(left**2)), 1e-12 * float(np.mean(y**2)), 1e-300)
        result[:, t] = _mode(away, prior, noise / sd**2)
    return result


def _mode(
    away: FloatArray,  # (n_model, n) predictions minus observations
    prior: FloatArray,  # (n_model,)
    penalty: float,
) -> FloatArray:  # (n_model,)
    """Return the weights, adding up to 1, of the least penalised squared error."""
    size = np.sqrt(float(np.sum(away**2)) + penalty)
    whole = np.full((1, prior.size), 1e4 * size)
    design = np.vstack([away.T, np.sqrt(penalty) * np.eye(prior.size), whole])
    zero = np.zeros(away.shape[1])
    response = np.concatenate([zero, np.sqrt(penalty) * prior, whole[0, :1]])
    found = scipy.optimize.nnls(design, response)[0]
    return np.asarray(found / found.sum())


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
    if rows.sum() < FEWEST:
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
