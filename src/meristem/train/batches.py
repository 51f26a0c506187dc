"""Feature-major inputs for a fit, all rows at once or in minibatches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_TRANSPOSE_BLOCK = 4096


class Batches(Protocol):
    """Feature-major inputs, batch by batch."""

    n_batch: int

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (x of shape (n_feature, batch), row numbers (batch,))."""
        ...


class WholeBatch:
    """All rows at once."""

    def __init__(self, x: Tensor) -> None:  # (n_feature, n_sample)
        self.n_batch = 1
        self._x = x
        self._rows = torch.arange(x.shape[1], device=x.device)

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the one batch there is."""
        yield self._x, self._rows


class DosageBatches:
    """Minibatches of int8 dosages, transposed block by block into one buffer.

    The matrix stays int8; a batch becomes float in a buffer that is allocated once,
    in blocks that fit the cache. A missing call takes the mean.

    Parameters
    ----------
    call_dosage
        Dosages; negative is missing.
    mean
        Training mean of every variant; None leaves missing calls as they are.
    batch_size
        Rows per batch.
    factor
        With it the buffer holds (dosage - mean) x factor, for networks that cannot
        fold the scale into their weights.
    device
        Where the batches go.
    """

    def __init__(
        self,
        call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
        mean: Tensor | None,  # (n_variant,)
        batch_size: int,
        *,
        factor: Tensor | None = None,  # (n_variant,)
        device: torch.device | str = "cpu",
    ) -> None:
        self._device = device
        self._dosage = torch.from_numpy(np.ascontiguousarray(call_dosage))
        n, p = call_dosage.shape
        self._size = min(batch_size, n)
        self._mean, self._factor = mean, factor
        self._missing = mean is not None and (call_dosage < 0).any()
        self._rows = torch.empty_like(self._dosage)
        self._buffer = torch.empty(p, self._size)
        rest = n % self._size
        self._rest = torch.empty(p, rest)
        self.n_batch = math.ceil(n / self._size)

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every row once, in a new order."""
        order = torch.from_numpy(rng.permutation(self._dosage.shape[0]))
        torch.index_select(self._dosage, 0, order, out=self._rows)
        for start in range(0, order.numel(), self._size):
            rows = order[start : start + self._size]
            target = self._buffer if rows.numel() == self._size else self._rest
            self._fill(target, self._rows[start : start + rows.numel()])
            yield target.to(self._device), rows.to(self._device)

    def _fill(self, target: Tensor, dosage: Tensor) -> None:
        for start in range(0, target.shape[0], _TRANSPOSE_BLOCK):
            part = slice(start, start + _TRANSPOSE_BLOCK)
            block = target[part]
            block.copy_(dosage[:, part].t())
            if self._mean is None:
                continue
            mean = self._mean[part, None]
            if self._missing:
                torch.where(block < 0, mean, block, out=block)
            if self._factor is not None:
                block.sub_(mean).mul_(self._factor[part, None])
