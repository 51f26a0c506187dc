"""One causal marker near a gene, which one averaged over: beside the ridge on all.

The model is y = 1 mu + x_j b + g + e with j even among the columns and the shares of
`shares`; where one variant acts, as most cis variants do, ridge spreads it over its
neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray


@dataclass(frozen=True)
class SingleEffect:
    """Evidence of every column as the only one, at every pair of shares."""

    inverse: FloatArray  # (n_h, p) of the polygenic and residual variance
    ratio: FloatArray  # (n_c,) c / (1 - c)
    m: FloatArray  # (n_h, k) x' D^-1 x of columns of unit spread
    b: FloatArray  # (n_h, k) x' D^-1 y
    log_likelihood: FloatArray  # (n_h, n_c) averaged over columns
    chosen: FloatArray  # (n_h, n_c, k) posterior of each column, rows sum to 1


def single_effect(
    inverse: FloatArray,  # (n_h, p)
    y: FloatArray,  # (p,)
    x: FloatArray,  # (p, k) of unit spread each
    ratio: FloatArray,  # (n_c,)
) -> SingleEffect:
    """Return the evidence of every column.

    References
    ----------
    Servin & Stephens 2007, PLoS Genet 3:e114 (one effect, averaged over markers).

    Examples
    --------
    >>> x = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) / 2
    >>> found = single_effect(np.ones((1, 4)), 9 * x[:, 1], x, np.array([1.0]))
    >>> found.chosen[0, 0].round(1).tolist()
    [0.2, 0.8]
    """
    m = inverse @ x**2
    b = (inverse * y) @ x
    base = inverse @ y**2
    shrunk = 1 + ratio[:, None] * m[:, None, :]  # (n_h, n_c, k)
    left = base[:, None, None] - ratio[:, None] * b[:, None, :] ** 2 / shrunk
    left = np.maximum(left, 1e-300)
    log_det = np.log(shrunk) - np.log(inverse).sum(axis=1)[:, None, None]
    own = -0.5 * (y.size * np.log(left / y.size) + log_det)
    top = own.max(axis=2, keepdims=True)
    like = np.exp(own - top)
    total = like.sum(axis=2, keepdims=True)
    log_likelihood = (top + np.log(total))[..., 0] - np.log(x.shape[1])
    return SingleEffect(inverse, ratio, m, b, log_likelihood, like / total)


def mean_effect(
    found: SingleEffect,
    weight: FloatArray,  # (n_h, n_c) of the pairs of shares
) -> FloatArray:  # (n_h, k) sums over c
    """Return the mean effect of every column, weighted within each h."""
    slope = found.ratio[:, None] / (1 + found.ratio[:, None] * found.m[:, None, :])
    return (weight[..., None] * found.chosen * slope).sum(axis=1) * found.b
