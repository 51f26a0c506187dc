"""Start an ensemble from a linear solution."""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.nn.dag import NodeNets, PlanNetwork
from meristem.nn.sparse import edge_product

_NOISE = 0.3
"""Share of the first latents that is random, as a standard deviation."""


def start_from_linear(
    network: PlanNetwork,
    effect: Tensor,  # (n_member, n_used_variant) linear effects on the trait
    x: Tensor,  # (n_used_variant, n_sample) standardised
    generator: torch.Generator,
) -> None:
    """Set the first weights so that latents begin as linear predictions.

    What a node reads from its variants begins as their part of a linear prediction
    (BLUP), scaled to variance one, with a random sign and some noise; a node with
    one parent begins as its copy; hidden parts begin small.

    Parameters
    ----------
    network
        The ensemble; changed in place.
    effect
        Linear effect of every standardised variant, for each member from the rows
        that it learns from. Zero where nothing is known.
    x
        Standardised variants of the training rows, for the scale alone.
    generator
        Source of signs and noise.
    """
    with torch.no_grad():
        first, *later = network.nets
        for block in later:
            _start_linear_part(block, generator)
        for block in network.nets:
            if block.out is not None:
                block.out.mul_(0.1)
        network.head.fill_(network.head.shape[2] ** -0.5)
        _start_readers(first, effect, x, generator)


def _start_linear_part(block: NodeNets, generator: torch.Generator) -> None:
    row = block.edges.row
    fan_in = torch.diff(block.edges.crow)[row].float()
    size = torch.rand(row.numel(), generator=generator) + 0.5
    sign = torch.randn(row.numel(), generator=generator).sign()
    weight = size * sign / fan_in.sqrt()
    if block.out is None:
        weight = torch.where(fan_in == 1, torch.ones_like(weight), weight)
    linear = row % (block.width + block.first) < block.width
    block.weight.copy_(torch.where(linear, weight, block.weight))


def _start_readers(
    block: NodeNets, effect: Tensor, x: Tensor, generator: torch.Generator
) -> None:
    edges, units = block.edges, block.width + block.first
    member = (edges.row // units) % block.members
    known = effect[member, edges.col].to(block.weight.dtype)
    spread = edge_product(x, known, edges).std(dim=1)  # (n_row,)
    sign = torch.randn(spread.numel(), generator=generator).sign()
    factor = sign * (1 - _NOISE**2) ** 0.5 / spread.clamp(min=1e-9)
    fan_in = torch.diff(edges.crow)[edges.row].float()
    noise = torch.randn(edges.n_edge, generator=generator) / fan_in.sqrt()
    started = known * factor[edges.row] + _NOISE * noise
    weight = torch.where(spread[edges.row] > 1e-9, started, noise)
    linear = edges.row % units < block.width
    block.weight.copy_(torch.where(linear, weight, block.weight))
