"""Fill a (n_sample, n_variant) matrix from readers that give one variant at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 2048
"""Variants moved at once: a block of 2,000 samples stays within the L2/L3 cache."""


class GrowingDosage:
    """Dosages appended variant by variant when their number is not known.

    Parameters
    ----------
    n_sample
        Length of every variant.

    Examples
    --------
    >>> growing = GrowingDosage(3)
    >>> growing.append(np.array([0, 1, 2], dtype=np.int8))
    >>> growing.append(np.array([2, -1, 0], dtype=np.int8))
    >>> growing.finish().tolist()
    [[0, 2], [1, -1], [2, 0]]
    """

    def __init__(self, n_sample: int) -> None:
        self._rows = np.empty((BLOCK, n_sample), dtype=np.int8)
        self._size = 0

    def append(self, dosage: NDArray[np.int8]) -> None:  # (n_sample,)
        """Append one variant."""
        if self._size == len(self._rows):
            grown = len(self._rows) + max(BLOCK, len(self._rows) // 2)
            # In place: the system remaps large buffers without a second copy.
            self._rows.resize((grown, self._rows.shape[1]), refcheck=False)
        self._rows[self._size] = dosage
        self._size += 1

    @property
    def rows(self) -> NDArray[np.int8]:  # (n_variant, n_sample)
        """All variants so far, samples in columns."""
        return self._rows[: self._size]

    def finish(self) -> NDArray[np.int8]:  # (n_sample, n_variant)
        """Return all variants, samples in rows."""
        return transpose_blocks(self.rows)


def transpose_blocks(
    rows: NDArray[np.int8],  # (n_variant, n_sample)
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    """Return the transpose as a contiguous copy, block by block.

    Parameters
    ----------
    rows
        One variant per row.

    Returns
    -------
    numpy.ndarray
        One sample per row, C order.

    Examples
    --------
    >>> transpose_blocks(np.array([[1, 2, 3]], dtype=np.int8)).shape
    (3, 1)
    """
    n_variant, n_sample = rows.shape
    out = np.empty((n_sample, n_variant), dtype=np.int8)
    for start in range(0, n_variant, BLOCK):
        out[:, start : start + BLOCK] = rows[start : start + BLOCK].T
    return out
