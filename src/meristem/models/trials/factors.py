"""Environments as a few factors of their covariates, and lines as slopes on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.models.trials.similarity import similarity
from meristem.records import Environments, FloatArray, IntArray, StrArray


@dataclass(frozen=True)
class EnvironmentFactors:
    """Principal components of standardised covariates; variance 1 over training."""

    name: StrArray  # (n_environment,) all of the table, new ones too
    score: FloatArray  # (n_environment, n_factor)

    def of(self, environment: StrArray) -> FloatArray:  # (n, 1 + n_factor)
        """Return 1 and the factors of rows; an unknown environment is the average."""
        place = {name: k for k, name in enumerate(self.name.tolist())}
        at = np.array([place.get(one, -1) for one in environment.tolist()], dtype=int)
        score = np.zeros((at.size, self.score.shape[1]))
        score[at >= 0] = self.score[at[at >= 0]]
        return np.column_stack([np.ones(at.size), score])


def environment_factors(
    table: Environments | None, training: StrArray, n_factor: int
) -> EnvironmentFactors:
    """Return the leading factors of the training environments.

    At most a third as many as there are training environments, and none without a
    table or with fewer than three of them.

    Examples
    --------
    >>> names = np.array(["a", "b", "c", "new"])
    >>> value = np.array([[1.0, 2], [2, 4], [3, 6], [4, 8]])
    >>> table = Environments(names, np.array(["rain", "cloud"]), value)
    >>> found = environment_factors(table, names[:3], 2)
    >>> np.abs(found.score.ravel()).round(2).tolist()
    [1.22, 0.0, 1.22, 2.45]
    """
    most = min(n_factor, training.size // 3)
    if table is None or most == 0:
        return EnvironmentFactors(np.empty(0, dtype=np.str_), np.empty((0, 0)))
    alike = similarity(table, training)
    own = np.isin(alike.name, training)
    _, size, axes = np.linalg.svd(alike.value[own], full_matrices=False)
    kept = min(most, int((size > 1e-9 * size[0]).sum()))
    score = alike.value @ axes[:kept].T / (size[:kept] / np.sqrt(own.sum()))
    return EnvironmentFactors(alike.name, score)


def line_slopes(
    y: FloatArray,  # (n_record,)
    weight: FloatArray,  # (n_record,)
    line: IntArray,  # (n_record,) 0..n_line - 1
    factor: FloatArray,  # (n_record, k) 1 and environment factors
    variance: FloatArray,  # (k,) of the coefficients among lines
    noise: float,
) -> tuple[FloatArray, FloatArray]:  # (n_line, k), (n_line,)
    """Return the mean and slopes of every line, and the weight of its records.

    The conditional expectation given the line's own records: slopes that few records
    tell are drawn towards 0.
    """
    n_line, k = int(line.max(initial=-1)) + 1, factor.shape[1]
    inside, right = np.zeros((n_line, k, k)), np.zeros((n_line, k))
    scaled = factor * (weight / noise)[:, None]
    np.add.at(inside, line, scaled[:, :, None] * factor[:, None, :])
    np.add.at(right, line, scaled * y[:, None])
    inside += np.diag(1 / np.maximum(variance, 1e-9 * noise))
    solved = np.linalg.solve(inside, right[:, :, None])[:, :, 0]
    found = np.asarray(solved, dtype=np.float64)
    total = np.bincount(line, weight, minlength=n_line)
    return found, np.asarray(total, dtype=np.float64)
