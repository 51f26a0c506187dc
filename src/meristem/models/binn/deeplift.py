"""DeepLIFT: shares of variants and nodes in one backward pass, complete exactly.

Where integrated gradients average slopes along a path, DeepLIFT puts one chord in
place of each slope: the change of an activation over the change of its input between
the average line and the line in question (the rescale rule). Everything else in a
network of a plan is linear, so the shares of all variants add up to the difference.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from meristem.models.binn.integrated import PathIntegral
from meristem.nn.dag import PlanNetwork

_SAME = 1e-6
"""Inputs closer than this have no chord; the slope takes its place."""


def rescale_shares(
    network: PlanNetwork,
    x: Tensor,  # (n_used_variant, n_sample) standardised
) -> PathIntegral:
    """Return the shares of variants and nodes relative to x = 0, the average line.

    References
    ----------
    Shrikumar, Greenside & Kundaje 2017, ICML (DeepLIFT, rescale rule).
    """
    n_sample, members = x.shape[1], network.members
    changed = copy.deepcopy(network)
    for block in changed.nets:
        block.activation = _chords(block.activation)
    both = torch.cat([x, torch.zeros_like(x)], dim=1).requires_grad_(True)
    nudge = x.new_zeros(network.n_node, members, 2 * n_sample).requires_grad_(True)
    output = changed(both, nudge=nudge)
    latent, value = output.latent.detach(), output.value
    moved = latent[:, :, :n_sample] - latent[:, :, n_sample:]
    variant, node = [], []
    for target in range(network.n_target):
        to_variant, to_node = torch.autograd.grad(
            value[:, target, :n_sample].sum(),
            (both, nudge),
            retain_graph=target + 1 < network.n_target,
        )
        variant.append(to_variant[:, :n_sample].double() * x / members)
        node.append((to_node[:, :, :n_sample].double() * moved).mean(1))
    shares = torch.stack(variant).permute(2, 1, 0).numpy()
    end, start = value.detach().double().mean(0).split(n_sample, dim=1)
    difference = (end - start).T.numpy()
    return PathIntegral(
        variant=shares,
        node=torch.stack(node).permute(2, 1, 0).numpy(),
        difference=difference,
        gap=np.asarray(shares.sum(axis=1) - difference),
    )


def _chords(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the activation with chords for slopes; lines first, references second."""

    def apply(z: Tensor) -> Tensor:
        result: Tensor = _Rescale.apply(z, activation)
        return result

    return apply


class _Rescale(torch.autograd.Function):
    """An activation whose slope is that of its chord to the reference."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.enable_grad():
            point = z.detach().requires_grad_(True)
            h = activation(point)
            (slope,) = torch.autograd.grad(h.sum(), point)
        line, reference = z.chunk(2, dim=-1)
        above, below = h.detach().chunk(2, dim=-1)
        apart = line - reference
        near = apart.abs() < _SAME
        chord = (above - below) / torch.where(near, torch.ones_like(apart), apart)
        ctx.save_for_backward(torch.where(near, slope.chunk(2, dim=-1)[0], chord))
        return h.detach()

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None]:
        (chord,) = ctx.saved_tensors
        line, reference = grad[0].chunk(2, dim=-1)
        return torch.cat([line * chord, torch.zeros_like(reference)], dim=-1), None
