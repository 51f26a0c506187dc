"""What a BLUP says of rows it did not learn from, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.mixed.targets import Target, target_splits
from meristem.records import FloatArray, Splits
from meristem.stats.shrunk import SMALLEST, shrunk_scale


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


def held_out_error(
    kernel: FloatArray,  # (n_train, n_train)
    target: Target,
    inner: Splits,
    unseen: FloatArray,  # (n_observed,)
    *,
    genetic: float,
    noise: float,
) -> tuple[float, float]:
    """Return what the error of a model is made of, by that of BLUP on rows left out.

    Say d is by how much the model differs from the BLUP, and s the share of d that is
    the model's error: 1 where the BLUP is right, 0 where the model is. Then

        excess = mean squared error - that of the BLUP = (2 s - 1) mean d^2,

    in which the noise of the phenotypes cancels. Both the excess and s count by what
    their standard errors leave of them.

    Parameters
    ----------
    kernel
        Over all training rows.
    target
        Observed rows.
    inner
        Splits whose test rows were predicted; empty: every row was left out alone.
    unseen
        Predictions of rows that taught the model nothing, NaN where there are none.
    genetic, noise
        Of the BLUP: variance on the kernel's diagonal, and of a value of weight 1.

    Returns
    -------
    width : float
        Factor on the error variance of the BLUP, 1 with fewer than 3 rows. With
        the distance it is as wide as the excess says, and never less than
        1 - (1 - s)^2 mean d^2 / mean error variance.
    apart : float
        s^2, the share of the squared distance from the BLUP that is error too; 1
        with fewer than 3 rows.
    """
    blup = held_out_blup(kernel, target, inner, genetic=genetic, noise=noise)
    error = unseen - target.y
    excess = (error**2 - blup.residual**2) * target.weight
    excess = excess[np.isfinite(excess)]
    if excess.size <= 2:
        return 1.0, 1.0
    pev = float(np.nanmean(blup.variance))
    mean, doubt = float(excess.mean()), float(excess.std(ddof=1) / np.sqrt(excess.size))
    total = shrunk_scale(1 + mean / pev, doubt / pev)
    distance = float(np.nanmean((error - blup.residual) ** 2 * target.weight))
    if distance <= 1e-12 * pev:
        return total, 0.0
    # one half before anything is measured, with the doubt that `shrunk_scale` has
    share = shrunk_scale(1 + mean / (2 * distance), doubt / (2 * distance)) - 0.5
    share = min(max(share, 0.0), 1.0)
    # what the model knows beyond the BLUP is the most that can be taken off
    least = 1 - (1 - share) ** 2 * distance / pev
    width = max(total - share**2 * distance / pev, least, SMALLEST)
    return width, share**2


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
