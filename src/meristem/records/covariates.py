"""What values are adjusted for: named columns of numbers and classes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError

NUMBER, CLASS, RANDOM = "number", "class", "random"
"""Roles of a column: a slope, fixed effects of levels, random effects of levels."""


@dataclass(frozen=True)
class Covariates:
    """Fixed effects and covariates of rows; which rows, the holder of the record says.

    A column holds numbers or labels, as its role tells; the other array is empty there.
    """

    column_name: NDArray[np.str_]  # (n_column,) unique
    role: NDArray[np.str_]  # (n_column,) number, class or random
    number: NDArray[np.float64]  # (n_row, n_column) NaN missing, or a label
    label: NDArray[np.str_]  # (n_row, n_column) "" missing, or a number
    n_axis: int = 0  # principal components of the markers to adjust for beside them

    def __post_init__(self) -> None:
        expected = (self.number.shape[0], self.column_name.size)
        if self.number.shape != expected or self.label.shape != expected:
            raise DataError(
                f"covariates have numbers {self.number.shape} and labels "
                f"{self.label.shape}, expected {expected}"
            )

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return int(self.number.shape[0])

    @property
    def missing(self) -> NDArray[np.bool_]:  # (n_row, n_column)
        """Which cells are empty."""
        return np.where(self.role == NUMBER, np.isnan(self.number), self.label == "")

    def take(self, index: NDArray) -> Covariates:
        """Return the rows at `index` (integers or a mask), in that order."""
        return replace(self, number=self.number[index], label=self.label[index])

    def take_columns(self, index: NDArray) -> Covariates:
        """Return the same rows with the columns at `index` alone."""
        return Covariates(
            self.column_name[index],
            self.role[index],
            self.number[:, index],
            self.label[:, index],
            self.n_axis,
        )

    def spread_over(self, row: NDArray[np.int64]) -> Covariates:  # row: (n,) -1: none
        """Return row `row[i]` as row i; -1 gives a row whose cells are all missing."""
        there = row >= 0
        number = np.full((row.size, self.column_name.size), np.nan)
        label = np.full(number.shape, "", dtype=self.label.dtype)
        number[there], label[there] = self.number[row[there]], self.label[row[there]]
        return replace(self, number=number, label=label)


def no_columns(n_row: int, n_axis: int = 0) -> Covariates:
    """Return covariates without a column."""
    none = np.empty(0, dtype=np.str_)
    return Covariates(
        none, none, np.empty((n_row, 0)), np.empty((n_row, 0), dtype="U1"), n_axis
    )
