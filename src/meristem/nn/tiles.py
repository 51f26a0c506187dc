"""Wide nodes of equal fan-in, a few at a time: hidden units that are never stored.

The hidden values of all nodes and members at once are larger than everything else a
network holds, and writing them to memory costs more than computing them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier
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
    the hidden values again. On the CPU every thread takes tiles of its own: sharing
    the small products of one tile among threads costs more than it saves.
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

        def work(tiles: slice, nets: slice) -> None:
            z = _rows(x[tiles], weight[tiles], bias[tiles], out[nets])
            width = out.shape[1]
            hidden = activation(z[:, width:])
            torch.baddbmm(z[:, :width], out[nets], hidden, out=value[nets])

        _share_out(work, weight, out, x.shape[2])
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight, bias and out."""
        given = ctx.saved_tensors
        x, weight, bias, out = given
        width = out.shape[1]
        of_x, of_weight, of_bias, of_out = (
            torch.empty_like(part) if wanted else None
            for part, wanted in zip(given, ctx.needs_input_grad, strict=False)
        )

        def work(tiles: slice, nets: slice) -> None:
            z = _rows(x[tiles], weight[tiles], bias[tiles], out[nets])
            with torch.enable_grad():
                inside = z[:, width:].detach().requires_grad_()
                hidden = ctx.activation(inside)
            g = grad[0][nets]
            if of_out is not None:
                torch.bmm(g, hidden.detach().transpose(1, 2), out=of_out[nets])
            through = torch.bmm(out[nets].transpose(1, 2), g)
            (z[:, width:],) = torch.autograd.grad(hidden, inside, through)
            z[:, :width] = g
            rows = z.view(*weight[tiles].shape[:2], -1)
            if of_weight is not None:
                torch.bmm(rows, x[tiles].transpose(1, 2), out=of_weight[tiles])
            if of_bias is not None:
                torch.sum(rows, dim=2, keepdim=True, out=of_bias[tiles])
            if of_x is not None:
                torch.bmm(weight[tiles].transpose(1, 2), rows, out=of_x[tiles])

        _share_out(work, weight, out, x.shape[2])
        return (of_x, of_weight, of_bias, of_out, None)


def _rows(
    x: Tensor, weight: Tensor, bias: Tensor, out: Tensor
) -> Tensor:  # (n_net, width + hidden, batch)
    n_net, width, hidden = out.shape
    return torch.baddbmm(bias, weight, x).view(n_net, width + hidden, -1)


def _share_out(
    work: Callable[[slice, slice], None],
    weight: Tensor,  # (n_tile, n_row, fan_in)
    out: Tensor,  # (n_tile * n_net, width, hidden)
    batch: int,
) -> None:
    """Do the work of all chunks, each written to a place of its own."""
    chunks = list(_chunks(weight, out, batch))
    work = torch.no_grad()(work)  # threads begin with gradients
    threads = torch.get_num_threads()
    if threads == 1 or len(chunks) == 1 or weight.device.type != "cpu":
        for tiles, nets in chunks:
            work(tiles, nets)
        return
    # a lazy map would swallow what a chunk raises
    list(_pool(threads).map(work, *zip(*chunks, strict=True)))


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads whose own products are not shared further."""
    ready = Barrier(threads + 1)

    def start() -> None:
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(threads, "tiles", initializer=start)
    for _ in range(threads):
        pool.submit(int)
    ready.wait()
    # the count is also what later threads begin with
    torch.set_num_threads(threads)
    return pool


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
