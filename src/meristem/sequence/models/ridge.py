"""Ridge regression of several tasks, the penalty chosen on training rows.

Rows that are each a group of their own are judged by generalised cross-validation;
grouped rows by leaving groups out, since near copies make the first choose nonsense.

References
----------
Golub, Heath & Wahba 1979, Technometrics 21:215 (generalised cross-validation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray
from meristem.stats.folds import grouped_folds

PENALTIES = 10.0 ** np.arange(-6.0, 2.01, 0.5)
"""Candidates, as shares of the summed squares of all features."""

N_FOLD = 5
FEWEST = 10  # rows of a task


@dataclass(frozen=True)
class Ridge:
    """Weights of standardised features."""

    centre: FloatArray  # (n_feature,)
    scale: FloatArray  # (n_feature,) standard deviation; 1 where a feature is constant
    weight: FloatArray  # (n_feature, n_task)
    intercept: FloatArray  # (n_task,)
    penalty: FloatArray  # (n_task,) share of the summed squares

    def predict(
        self,
        features: NDArray[np.floating],  # (n, n_feature)
    ) -> FloatArray:  # (n, n_task)
        """Return predictions."""
        slope = self.weight / self.scale[:, None]
        return features @ slope + (self.intercept - self.centre @ slope)


def fit_ridge(
    features: NDArray[np.floating],  # (n, n_feature)
    value: FloatArray,  # (n, n_task) NaN missing
    group: IntArray,  # (n,)
    rng: np.random.Generator,
) -> Ridge:
    """Fit all tasks, each on its measured rows.

    Parameters
    ----------
    features
        Features of training rows.
    value
        What was measured.
    group
        Rows that must not be parted when the penalty is chosen.
    rng
        Deals groups into folds.

    Raises
    ------
    DataError
        If a task has fewer than `FEWEST` rows or does not vary.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(200, 3))
    >>> ridge = fit_ridge(x, x[:, :1] * 2.0, np.arange(200), rng)
    >>> bool(abs(ridge.predict(x)[0, 0] - 2 * x[0, 0]) < 0.1)
    True
    """
    centre = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    varies = spread > 1e-6
    scale = np.where(varies, spread, 1.0)
    z = (features - centre) / scale * varies
    n_task = value.shape[1]
    weight = np.zeros((z.shape[1], n_task))
    intercept, penalty = np.zeros(n_task), np.zeros(n_task)
    for task in range(n_task):
        rows = np.flatnonzero(~np.isnan(value[:, task]))
        refuse_flat(value[rows, task])
        one = _fit_task(z[rows], value[rows, task], group[rows], rng)
        weight[:, task], intercept[task], penalty[task] = one
    return Ridge(centre, scale, weight, intercept, penalty)


def refuse_flat(y: FloatArray, where: str = "") -> None:
    """Refuse values of a task that there is nothing to learn from."""
    if y.size < FEWEST or np.ptp(y) == 0:
        raise DataError(
            f"a task has {y.size} measured rows with {np.unique(y).size} values, and "
            f"at least {FEWEST} rows that differ are needed",
            where=where,
            remedy="measure more sequences, or leave the task out",
        )


def _fit_task(
    z: FloatArray,  # (n, n_feature)
    y: FloatArray,  # (n,)
    group: IntArray,  # (n,)
    rng: np.random.Generator,
) -> tuple[FloatArray, float, float]:
    mean_z, mean_y = z.mean(axis=0), float(y.mean())
    z, y = z - mean_z, y - mean_y
    total = float((z * z).sum()) or 1.0
    number = np.unique(group).size
    if number == len(y) or number < 2:
        values, axes = _spectrum(z)
        errors = _gcv(z, y, values, axes, PENALTIES * total)
    else:
        errors = _grouped(z, y, group, PENALTIES * total, rng)
        values, axes = _spectrum(z)
    best = int(np.argmin(errors))
    weight = axes @ ((axes.T @ (z.T @ y)) / (values + PENALTIES[best] * total))
    return weight, mean_y - float(mean_z @ weight), float(PENALTIES[best])


def _spectrum(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return eigenvalues (n_rank,) and axes (n_feature, n_rank) of z'z."""
    n, p = z.shape
    if p <= n:
        values, axes = np.linalg.eigh(z.T @ z)
        return np.maximum(values, 0.0), axes
    values, left = np.linalg.eigh(z @ z.T)
    kept = values > 1e-10 * max(float(values[-1]), 1e-300)
    return values[kept], z.T @ left[:, kept] / np.sqrt(values[kept])


def _gcv(
    z: FloatArray, y: FloatArray, values: FloatArray, axes: FloatArray, grid: FloatArray
) -> FloatArray:  # (n_penalty,)
    """Return n RSS / (n - 1 - trace H)^2 of every penalty."""
    n = len(y)
    projected = axes.T @ (z.T @ y)  # (n_rank,)
    shrunk = values / (values[None] + grid[:, None])  # (n_penalty, n_rank)
    explained = np.where(values > 1e-10, projected**2 / np.maximum(values, 1e-10), 0.0)
    rss = y @ y - ((2 * shrunk - shrunk**2) * explained).sum(axis=1)
    free = np.maximum(n - 1 - shrunk.sum(axis=1), 1e-3)
    return n * np.maximum(rss, 0.0) / free**2


def _grouped(
    z: FloatArray,
    y: FloatArray,
    group: IntArray,
    grid: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:  # (n_penalty,)
    """Return the squared error on groups left out, of every penalty."""
    n_fold = min(N_FOLD, np.unique(group).size)
    fold = grouped_folds(group, n_fold, rng)
    error = np.zeros(len(grid))
    for number in range(n_fold):
        out = fold == number
        train = z[~out]
        mean_z, mean_y = train.mean(axis=0), y[~out].mean()
        train = train - mean_z
        values, axes = _spectrum(train)
        projected = axes.T @ (train.T @ (y[~out] - mean_y))
        tested = (z[out] - mean_z) @ axes
        for index, penalty in enumerate(grid * (~out).mean()):
            guess = mean_y + tested @ (projected / (values + penalty))
            error[index] += float(((y[out] - guess) ** 2).sum())
    return error
