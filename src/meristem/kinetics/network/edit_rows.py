"""Rows of edits as lists of what is present: a product that skips the zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SPARSE_BELOW = 0.1
"""Share of non-zero entries below which the lists are used."""


@dataclass(frozen=True)
class EditRows:
    """Rows of a matrix of counts, most of them zero.

    Attributes
    ----------
    x
        All features.
    index
        Columns that are present, row after row, as often as they count; empty where
        the matrix is dense.
    start
        Where each row begins in `index`, and the end of the last.
    """

    x: Tensor  # (n, n_feature)
    index: Tensor  # (n_present,)
    start: Tensor  # (n + 1,)

    @classmethod
    def of(cls, x: NDArray[np.generic]) -> EditRows:
        """Lay out rows of any shape (n, ...); values that are no counts stay dense."""
        flat = np.ascontiguousarray(x.reshape(len(x), -1), dtype=np.float32)
        count = flat.astype(np.int64)
        share = (count != 0).mean() if count.size else 1.0
        if share > SPARSE_BELOW or not (count == flat).all() or (count < 0).any():
            none = torch.zeros(0, dtype=torch.long)
            return cls(torch.from_numpy(flat), none, none)
        row, column = np.nonzero(count)
        index = np.repeat(column, count[row, column]).astype(np.int64)
        start = np.append(0, np.cumsum(count.sum(axis=1))).astype(np.int64)
        return cls(
            torch.from_numpy(flat), torch.from_numpy(index), torch.from_numpy(start)
        )

    def times(
        self,
        rows: Tensor,  # (n_row,)
        weight: Tensor,  # (n_feature, n_column)
    ) -> Tensor:  # (n_row, n_column)
        """Return the chosen rows times a matrix."""
        if not len(self.start):
            return self.x[rows] @ weight
        begin = self.start[rows]
        length = self.start[rows + 1] - begin
        offset = torch.cumsum(length, 0) - length
        # position within the joined lists, shifted to where each row lies
        place = torch.arange(int(length.sum())) + torch.repeat_interleave(
            begin - offset, length
        )
        return torch.nn.functional.embedding_bag(
            self.index[place], weight, offset, mode="sum"
        )
