"""Rows of a matrix of values in minibatches, features first."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from meristem.representation.protocol import Counts, Values


class RowBatches:
    """Minibatches of columns of a feature-major matrix.

    A batch is a run of neighbouring columns, so that no epoch copies a wide matrix
    column by column: shuffle the rows once before (`shuffled`).

    Parameters
    ----------
    x
        Values, shape (n_feature, n_sample).
    size
        Rows per batch; all at once where there are no more.
    """

    def __init__(self, x: Tensor, size: int) -> None:
        self._x = x
        self.n_batch = max(1, math.ceil(x.shape[1] / size))

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every row once, the batches in a new order."""
        parts = torch.arange(self._x.shape[1]).tensor_split(self.n_batch)
        for part in rng.permutation(self.n_batch) if self.n_batch > 1 else [0]:
            yield columns(self._x, parts[part]), parts[part]


def columns(x: Tensor, rows: Tensor) -> Tensor:
    """Return neighbouring columns of (..., n_sample) without copying them."""
    return x.narrow(-1, int(rows[0]), rows.numel())


def shuffled(values: Values, size: int, rng: np.random.Generator) -> Values:
    """Return the rows in random order where they take several batches."""
    n = values.x.shape[0]
    if n <= size:
        return values
    order = rng.permutation(n)
    counts = values.counts
    if counts is not None:
        size_of, count = counts.size[order], counts.count[order]
        counts = Counts(count, size_of, counts.profile, counts.mean, counts.sd)
    return Values(values.x[order], counts)
