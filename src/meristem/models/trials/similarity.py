"""How alike environments are by their covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.records import Environments, FloatArray, StrArray


@dataclass(frozen=True)
class Similarity:
    """Standardised covariates of environments, by the training ones' mean and sd."""

    name: StrArray  # (n_environment,) all of the table, new ones too
    value: FloatArray  # (n_environment, n_covariate)
    size: float  # mean square of a training environment

    def between(self, one: StrArray, two: StrArray) -> FloatArray:  # (n_one, n_two)
        """Return the kernel, mean diagonal 1 over training environments.

        An environment without covariates is like none.
        """
        left, right = self._rows(one), self._rows(two)
        return left @ right.T / self.size

    def itself(self, name: str) -> float:
        """Return the kernel of one environment with itself; 1 without covariates."""
        row = self._rows(np.array([name]))[0]
        return float(row @ row / self.size) if name in self.name else 1.0

    def _rows(self, names: StrArray) -> FloatArray:
        place = {name: k for k, name in enumerate(self.name.tolist())}
        found = np.zeros((names.size, self.value.shape[1]))
        for row, name in enumerate(names.tolist()):
            if name in place:
                found[row] = self.value[place[name]]
        return found


def similarity(table: Environments | None, training: StrArray) -> Similarity:
    """Return the covariates, standardised on the training environments alone.

    A missing value takes their mean; a covariate that does not vary is left out.

    Raises
    ------
    DataError
        If there is no table, an environment is not in it, or nothing varies.
    """
    if table is None:
        raise DataError(
            "a reaction norm needs covariates of the environments and there are none",
            remedy="name their table ([environments] path), or use another structure",
        )
    missing = sorted(set(training.tolist()) - set(table.environment_name.tolist()))
    if missing:
        raise DataError(
            f"environments without covariates: {', '.join(missing[:5])}",
            where=table.source,
            remedy="add their rows, or keep to environments that have them",
        )
    own = np.isin(table.environment_name, training)
    known = ~np.isnan(table.value)
    count = np.maximum(known[own].sum(axis=0), 1)
    mean = np.where(known, table.value, 0.0)[own].sum(axis=0) / count
    centred = np.where(known, table.value - mean, 0.0)
    spread = np.sqrt((centred[own] ** 2).sum(axis=0) / count)
    varies = spread > 1e-9 * np.abs(mean)
    if not varies.any():
        raise DataError(
            "no covariate varies among the training environments",
            where=table.source,
            remedy="add covariates, or use another structure",
        )
    value = centred[:, varies] / spread[varies]
    size = float((value[own] ** 2).sum(axis=1).mean())
    return Similarity(table.environment_name, value, size)
