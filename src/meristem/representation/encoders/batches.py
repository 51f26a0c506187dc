"""Rows of a matrix of values in minibatches, features first."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


class RowBatches:
    """Minibatches of columns of a feature-major matrix.

    Parameters
    ----------
    x
        Values, shape (n_feature, n_sample).
    size
        Rows per batch; all at once where there are no more.
    """

    def __init__(self, x: Tensor, size: int) -> None:
        self._x, self._size = x, size
        self.n_batch = max(1, math.ceil(x.shape[1] / size))

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every row once, in a new order where there are several batches."""
        n = self._x.shape[1]
        if self.n_batch == 1:
            yield self._x, torch.arange(n)
            return
        order = torch.from_numpy(rng.permutation(n))
        for rows in torch.tensor_split(order, self.n_batch):
            yield self._x[:, rows], rows
