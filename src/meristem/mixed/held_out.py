"""What a BLUP says of rows it did not learn from, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.mixed.targets import Target, target_splits
from meristem.records import FloatArray, Splits


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows of one target; NaN where a row was never held out."""

    residual: FloatArray  # (n_observed,) prediction - y, mean over the splits
    variance: FloatArray  # (n_observed,) error variance of the genetic value


def held_out_blup(
    kernel: FloatArray,  # (n_train, n_train)
    target: Target,
    inner: Splits,
    *,
    genetic: float,
    noise: float,
) -> HeldOut:
    """Predict the held-out rows of a target at given variance components.

    Parameters
    ----------
    kernel
        Over all training rows.
    target
        Observed rows.
    inner
        Splits of the training rows; empty: every row is left out alone.
    genetic, noise
        Variance on the kernel's diagonal, and of a value of weight 1.
    """
    y, weight = target.y, target.weight
    covariance = genetic * kernel[np.ix_(target.rows, target.rows)]
    if not inner:
        return _leave_one_out(covariance, noise / weight, y)
    total, variance, count = np.zeros((3, y.size))
    for train, test in target_splits(inner, target.rows):
        block = covariance[np.ix_(train, train)] + np.diag(noise / weight[train])
        cross = covariance[np.ix_(train, test)]
        root = scipy.linalg.cholesky(block, lower=True, check_finite=False)
        right = np.column_stack([np.ones(train.size), y[train], cross])
        whitened = scipy.linalg.solve_triangular(root, right, lower=True)
        ones, value, seen = whitened[:, 0], whitened[:, 1], whitened[:, 2:]
        information = float(ones @ ones)
        level = float(ones @ value) / information
        total[test] += level + seen.T @ (value - level * ones) - y[test]
        variance[test] += np.diag(covariance)[test] - np.sum(seen**2, axis=0)
        variance[test] += (1 - seen.T @ ones) ** 2 / information
        count[test] += 1
    count = np.where(count > 0, count, np.nan)
    return HeldOut(total / count, variance / count)


def _leave_one_out(
    covariance: FloatArray,  # (n, n) genetic
    noise: FloatArray,  # (n,)
    y: FloatArray,  # (n,)
) -> HeldOut:
    """Return exact leave-one-out errors: residual (P y)_i / P_ii, variance 1 / P_ii.

    References
    ----------
    Cook & Weisberg 1982, ch. 2, in the form of generalised least squares.
    """
    inverse = scipy.linalg.inv(covariance + np.diag(noise), check_finite=False)
    level = inverse.sum(axis=0)
    projection = inverse - np.outer(level, level) / level.sum()
    diagonal = np.diag(projection)
    return HeldOut(-(projection @ y) / diagonal, 1 / diagonal - noise)
