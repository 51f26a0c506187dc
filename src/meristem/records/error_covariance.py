"""What is known of the errors of values, jointly: the covariance of a first stage."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.typing import NDArray

from meristem.records.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class ErrorCovariance:
    """Covariance of the errors of the values of one target.

    Rows are taken by number: the matrix is shared by all sets of rows.
    """

    matrix: FloatArray  # (n_line, n_line) symmetric, positive definite
    row: IntArray  # (n_sample,) of each sample in `matrix`; -1: it has no value
    known: bool  # whether it is the covariance itself, not one up to a factor

    def take_samples(self, index: NDArray) -> ErrorCovariance:
        """Return that of the samples at `index` (integers or a mask), in that order."""
        return replace(self, row=self.row[index])

    def exchanged(self, rows: IntArray, order: IntArray) -> ErrorCovariance:
        """Return that of samples `rows` whose values are those of `order`."""
        row = self.row.copy()
        row[rows] = self.row[order]
        return replace(self, row=row)
