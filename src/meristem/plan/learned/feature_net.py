"""Elastic net of a trait on measured features: how many it keeps is the point."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray

SMALLEST_PENALTY = 1e-3
"""End of the path, as a share of the smallest penalty that keeps no feature."""
_STEP = 0.9
_INNER_PENALTIES = 30
_INNER_SMALLEST = 1e-2


def counted_net(
    columns: FloatArray,  # (n, n_feature)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    n_keep: int,
    l1_ratio: float,
) -> FloatArray:  # (n_feature,)
    """Return |coefficients| at the first penalty that keeps `n_keep` features.

    The path descends in steps of a tenth from the penalty that keeps none, each
    solution starting from the one before, and ends at a thousandth of it.

    Parameters
    ----------
    columns
        Features without missing values, on a common scale.
    y, weight
        The trait and the precision of each row.
    n_keep
        Features wanted; a few more come back.
    l1_ratio
        Share of the absolute penalty.

    References
    ----------
    Zou & Hastie 2005, J R Stat Soc B 67:301; coordinate descent of scikit-learn.
    """
    x, target = _whiten(columns, y, weight)
    penalty = _largest_penalty(x, target, l1_ratio)
    last = SMALLEST_PENALTY * penalty
    coefficient = np.zeros(x.shape[1], dtype=x.dtype)
    wanted = min(n_keep, x.shape[1])
    while np.count_nonzero(coefficient) < wanted and penalty > last:
        penalty *= _STEP
        coefficient = _path(x, target, l1_ratio, np.array([penalty]), coefficient)[0]
    return np.abs(coefficient).astype(np.float64)


def judged_net(
    columns: FloatArray,  # (n, n_feature)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    splits: Sequence[tuple[IntArray, IntArray]],  # training and test rows of these n
    l1_ratio: float,
) -> FloatArray:  # (n_feature,)
    """Return |coefficients| at the penalty with the smallest error on the splits.

    Penalties that keep nothing are not considered: a network needs a feature.
    """
    x, target = _whiten(columns, y, weight)
    largest = _largest_penalty(x, target, l1_ratio)
    path = largest * np.geomspace(1, _INNER_SMALLEST, _INNER_PENALTIES)
    loss = np.zeros(path.size)
    for train, test in splits:
        share = weight[train] / weight[train].sum()
        x_mean, y_mean = share @ columns[train], share @ y[train]
        train_x, train_y = _whiten(columns[train], y[train], weight[train])
        slope = _path(train_x, train_y, l1_ratio, path)
        predicted = y_mean + slope @ (columns[test] - x_mean).T
        loss += (predicted - y[test]) ** 2 @ weight[test]
    coefficient = _path(x, target, l1_ratio, path)
    loss[~np.any(coefficient != 0, axis=1)] = np.inf
    return np.abs(coefficient[int(np.argmin(loss))]).astype(np.float64)


def _largest_penalty(
    x: NDArray[np.float32],  # (n, n_feature)
    y: NDArray[np.float32],  # (n,)
    l1_ratio: float,
) -> float:
    """Return the smallest penalty that keeps no feature."""
    return max(float(np.abs(x.T @ y).max()) / (y.size * l1_ratio), 1e-30)


def _whiten(
    columns: FloatArray,  # (n, n_feature)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return centred columns and trait, rows scaled by the root of their weight."""
    share = weight / weight.sum()
    root = np.sqrt(share * y.size)
    x = np.asfortranarray((columns - share @ columns) * root[:, None], np.float32)
    return x, ((y - share @ y) * root).astype(np.float32)


def _path(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    l1_ratio: float,
    penalties: FloatArray,  # (n_penalty,) decreasing
    start: NDArray | None = None,  # (n_feature,)
) -> NDArray:  # (n_penalty, n_feature)
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - loads slowly
    from sklearn.linear_model import enet_path  # noqa: PLC0415

    with warnings.catch_warnings():
        # ranks of genes do not hang on the last digits of a coefficient
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficient, _ = enet_path(
            x,
            y,
            l1_ratio=l1_ratio,
            alphas=penalties,
            coef_init=start,
            tol=1e-4,
            max_iter=1000,
        )
    return np.asarray(coefficient.T)
