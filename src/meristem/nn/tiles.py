"""Wide nodes of equal fan-in, a few at a time: hidden units that are never stored.

The hidden values of all nodes and members at once are larger than everything else a
network holds, and writing them to memory costs more than computing them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

CHUNK = 1 << 20
"""Hidden values held at a time: what stays in the cache of a core."""

Activation = Callable[[Tensor], Tensor]


class TiledNets(Function):
    """y = W_l x + b_l + O a(W_h x + b_h), tile by tile.

    A tile is a group of nets that read the same sources: `weight` holds, net by net,
    the rows of the linear part and then those of the hidden part. Backward computes
    the hidden values again.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,  # (n_tile, fan_in, batch)
        weight: Tensor,  # (n_tile, n_net * (width + hidden), fan_in)
        bias: Tensor,  # (n_tile, n_net * (width + hidden), 1)
        out: Tensor,  # (n_tile * n_net, width, hidden)
        activation: Activation,
    ) -> Tensor:  # (n_tile * n_net, width, batch)
        """Return the outputs of all nets."""
        ctx.save_for_backward(x, weight, bias, out)
        ctx.activation = activation
        value = x.new_empty(out.shape[0], out.shape[1], x.shape[2])
        for tiles, nets in _chunks(weight, out, x.shape[2]):
            value[nets] = _nets(
                x[tiles], weight[tiles], bias[tiles], out[nets], activation
            )
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight, bias and out."""
        given = ctx.saved_tensors
        x, weight, _, out = given
        slopes = [
            torch.empty_like(part) if wanted else None
            for part, wanted in zip(given, ctx.needs_input_grad, strict=False)
        ]
        for tiles, nets in _chunks(weight, out, x.shape[2]):
            places = (tiles, tiles, tiles, nets)
            with torch.enable_grad():
                parts = [
                    part[place].detach().requires_grad_(slope is not None)
                    for part, place, slope in zip(given, places, slopes, strict=True)
                ]
                value = _nets(parts[0], parts[1], parts[2], parts[3], ctx.activation)
            wanted = [part for part in parts if part.requires_grad]
            found = iter(torch.autograd.grad(value, wanted, grad[0][nets]))
            for slope, place in zip(slopes, places, strict=True):
                if slope is not None:
                    slope[place] = next(found)
        return (*slopes, None)


def _chunks(
    weight: Tensor,  # (n_tile, n_row, fan_in)
    out: Tensor,  # (n_tile * n_net, width, hidden)
    batch: int,
) -> Iterator[tuple[slice, slice]]:
    """Yield tiles that fit into the cache, and their nets."""
    n_tile, n_row = weight.shape[:2]
    n_net = out.shape[0] // n_tile
    step = max(1, CHUNK // (n_row * batch))
    for start in range(0, n_tile, step):
        end = min(start + step, n_tile)
        yield slice(start, end), slice(start * n_net, end * n_net)


def _nets(
    x: Tensor, weight: Tensor, bias: Tensor, out: Tensor, activation: Activation
) -> Tensor:
    n_net, width, hidden = out.shape
    z = torch.baddbmm(bias, weight, x).view(n_net, width + hidden, -1)
    return torch.baddbmm(z[:, :width], out, activation(z[:, width:]))
