"""Integrated gradients: shares of variants and nodes that add up to the prediction.

A gradient says what a small change does; an integrated gradient says how much of the
difference between a line and the average line each variant accounts for. The shares
of all variants sum to that difference, which is checked and returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.models.protocol import Contributions
from meristem.nn.dag import PlanNetwork
from meristem.records import FloatArray, IntArray, NetworkPlan


@dataclass(frozen=True)
class PathIntegral:
    """Shares in standardised units, averaged over members."""

    variant: FloatArray  # (n_sample, n_used_variant, n_target)
    node: FloatArray  # (n_sample, n_node, n_target)
    difference: FloatArray  # (n_sample, n_target)
    gap: FloatArray  # (n_sample, n_target)


def account_for_lines(
    parts: Sequence[PathIntegral],  # of some lines each
    plan: NetworkPlan,
    used: IntArray,  # (n_used_variant,) variants that the network reads
    unit: FloatArray,  # (n_target,) of a standardised value in the prediction
) -> Contributions:
    """Return the shares of all lines, in units of the prediction.

    The linear path of the model is no share of it: what that adds is its effects
    times the deviations from the mean, exactly.
    """
    found = {
        name: np.concatenate([getattr(one, name) for one in parts]) * unit
        for name in ("variant", "node", "difference", "gap")
    }
    variant = np.zeros((len(found["node"]), plan.variants.n_variant, unit.size))
    variant[:, used] = found.pop("variant")
    return Contributions(plan.variants.variant_id, plan.node_name, variant, **found)


def integrate_path(
    network: PlanNetwork,
    x: Tensor,  # (n_used_variant, n_sample) standardised
    steps: int,
) -> PathIntegral:
    """Integrate gradients along the straight path from 0 to x.

    The path leads from the average genotype of the training rows to each sample.

    Parameters
    ----------
    network
        An ensemble that reads standardised variants.
    x
        Of the samples.
    steps
        Points on the path (midpoint rule: the gap falls with the square).

    References
    ----------
    Sundararajan, Taly & Yan 2017, ICML (integrated gradients, completeness);
    Dhamdhere, Sundararajan & Yan 2019, ICLR (conductance of hidden nodes).
    """
    n_target, members = network.n_target, network.members
    n_sample = x.shape[1]
    variant = torch.zeros(n_target, *x.shape, dtype=torch.float64)
    node = torch.zeros(n_target, network.n_node, members, n_sample, dtype=torch.float64)
    before = _latent(network, torch.zeros_like(x))
    for step in range(steps):
        after = _latent(network, x * ((step + 1) / steps))
        point = (x * ((step + 0.5) / steps)).requires_grad_(True)
        nudge = x.new_zeros(network.n_node, members, n_sample).requires_grad_(True)
        value = network(point, nudge=nudge).value  # (n_member, n_target, n_sample)
        for target in range(n_target):
            to_variant, to_node = torch.autograd.grad(
                value[:, target].sum(),
                (point, nudge),
                retain_graph=target + 1 < n_target,
            )
            variant[target] += to_variant / (steps * members)
            node[target] += to_node * (after - before)
        before = after
    with torch.no_grad():
        end = network(x).value.double().mean(0)
        start = network(torch.zeros_like(x)).value.double().mean(0)
    shares = (variant * x).permute(2, 1, 0).numpy()
    difference = (end - start).T.numpy()
    return PathIntegral(
        variant=shares,
        node=node.mean(2).permute(2, 1, 0).numpy(),
        difference=difference,
        gap=shares.sum(axis=1) - difference,
    )


def _latent(network: PlanNetwork, x: Tensor) -> Tensor:
    with torch.no_grad():
        latent: Tensor = network(x).latent
    return latent
