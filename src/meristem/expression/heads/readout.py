"""Ridge on few features, the penalty by leaving lines out, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray

PENALTIES = np.append(10.0 ** np.arange(-3.0, 3.01, 0.25), np.inf)
"""Candidates, as shares of the mean squared singular value; infinite: no effect."""


@dataclass(frozen=True)
class Readout:
    """What was learned of one gene."""

    weight: FloatArray  # (n_feature,)
    intercept: float
    penalty: float  # as in `PENALTIES`


def fit_readout(
    features: FloatArray,  # (n, n_feature)
    y: FloatArray,  # (n,)
) -> Readout:
    """Fit ridge weights; the penalty has the least error on lines left out one by one.

    With H the hat matrix of the fit, the error of a line left out is
    e_i = (y_i - yhat_i) / (1 - H_ii).

    Parameters
    ----------
    features
        Of the training lines.
    y
        Their values.

    References
    ----------
    Allen 1974, Technometrics 16:125 (PRESS).

    Examples
    --------
    >>> x = np.arange(12.0)[:, None] % 5
    >>> found = fit_readout(x, 2 * x[:, 0] + 1)
    >>> bool(abs(found.weight[0] - 2) < 0.01)
    True
    """
    n, centre, level = len(y), features.mean(axis=0), float(y.mean())
    left, size, right = np.linalg.svd(features - centre, full_matrices=False)
    kept = size > 1e-7 * max(size.max(initial=0.0), 1e-12)
    left, size, right = left[:, kept], size[kept], right[kept]
    if not size.size:
        return Readout(np.zeros(features.shape[1]), level, np.inf)
    squared = size**2
    grid = PENALTIES * squared.mean()
    shrunk = squared / (squared + grid[:, None])  # (n_penalty, rank)
    projected = left.T @ (y - level)
    fitted = (shrunk * projected) @ left.T  # (n_penalty, n)
    hat = shrunk @ (left**2).T + 1 / n
    error = (((y - level - fitted) / np.maximum(1 - hat, 1e-6)) ** 2).sum(axis=1)
    best = int(np.argmin(error))
    slope = right.T @ (shrunk[best] / size * projected)
    return Readout(slope, level - float(centre @ slope), float(PENALTIES[best]))
