"""Ridge regression by two kernels: all genes, and those that a network names."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray

SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
"""Shares of the second kernel among which generalised cross-validation chooses."""
_PENALTIES = np.geomspace(1e-3, 10, 15)  # of kernels with a mean diagonal near 1


def blended_ridge(
    y: FloatArray,  # (n,)
    own: tuple[FloatArray, FloatArray],  # (n, n) of training rows, (n_new, n)
    near: tuple[FloatArray, FloatArray] | None = None,  # the same of the second
) -> tuple[FloatArray, float]:  # (n_new,), share
    """Return predictions and the share of the second kernel.

    Share and penalty are those of the least generalised cross-validation error, so
    that a kernel without information has a share near 0.

    References
    ----------
    Golub, Heath & Wahba 1979, Technometrics 21:215 (generalised cross-validation).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(80, 30))
    >>> part = x[:, :3]
    >>> y = part.sum(axis=1)
    >>> own = x[:60] @ x[:60].T / 30, x[60:] @ x[:60].T / 30
    >>> near = part[:60] @ part[:60].T / 3, part[60:] @ part[:60].T / 3
    >>> said, share = blended_ridge(y[:60], own, near)
    >>> share, bool(np.corrcoef(said, y[60:])[0, 1] > 0.99)
    (0.9, True)
    """
    mean = float(y.mean())
    best, low = (np.full(own[1].shape[0], mean), 0.0), np.inf
    for share in SHARES if near is not None else SHARES[:1]:
        kernel, new = own
        if near is not None and share:
            kernel = (1 - share) * kernel + share * near[0]
            new = (1 - share) * new + share * near[1]
        value, vector = np.linalg.eigh(kernel)
        value = np.maximum(value, 0.0)
        rotated = vector.T @ (y - mean)
        left = _PENALTIES[:, None] / (value + _PENALTIES[:, None])
        free = np.maximum(left.sum(axis=1) - 1, 1e-3)
        score = ((left * rotated) ** 2).sum(axis=1) / free**2
        place = int(np.argmin(score))
        if score[place] < low:
            low = float(score[place])
            weight = vector @ (rotated / (value + _PENALTIES[place]))
            best = mean + new @ weight, share
    return best
