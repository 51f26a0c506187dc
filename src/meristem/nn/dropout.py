"""Dropout whose masks come from a given generator, so that a seed repeats a fit."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SeededDropout(nn.Dropout):
    """Drop units with masks drawn from `generator` instead of torch's global one.

    Parameters
    ----------
    p
        Share of units dropped in training.
    generator
        Source of the masks, on the CPU.

    References
    ----------
    Srivastava et al. 2014, JMLR 15:1929.

    Examples
    --------
    >>> def draw(seed):
    ...     layer = SeededDropout(0.5, torch.Generator().manual_seed(seed))
    ...     return layer(torch.ones(4)).tolist()
    >>> draw(1) == draw(1), set(draw(1)) <= {0.0, 2.0}
    (True, True)
    """

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__(p)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with a share of its entries zero and the rest scaled up."""
        if not self.training or self.p == 0:
            return x
        draw = torch.rand(x.shape, generator=self.generator)
        return x * draw.ge_(self.p).div_(1 - self.p)
