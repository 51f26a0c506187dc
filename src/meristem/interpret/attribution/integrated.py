"""Integrated gradients: shares of variants and nodes that add up to the prediction.

A gradient says what a small change does; an integrated gradient says how much of the
difference between a line and the average line each variant accounts for. The shares
of all variants sum to that difference, which is checked and returned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from meristem.models.binn.fitted import FittedBINN, network_inputs
from meristem.models.protocol import IntegratedGradients
from meristem.nn.dag import PlanNetwork
from meristem.prepare.match import align_variants
from meristem.records import FloatArray, Genotypes


@dataclass(frozen=True)
class PathIntegral:
    """Shares in standardised units, averaged over members."""

    variant: FloatArray  # (n_sample, n_used_variant, n_target)
    node: FloatArray  # (n_sample, n_node, n_target)
    difference: FloatArray  # (n_sample, n_target)
    gap: FloatArray  # (n_sample, n_target)


def integrated_gradients(
    fitted: FittedBINN,
    genotypes: Genotypes,
    *,
    steps: int = 32,
) -> IntegratedGradients:
    """Account for the network's part of each prediction, variant by variant.

    The path leads straight from the average genotype of the training rows to each
    sample. The linear path of the model is not part of it: its shares are its effects
    times the deviations from the mean, exactly.

    Parameters
    ----------
    fitted
        A fitted BINN.
    genotypes
        Samples to explain. The result has a number for each sample and variant: give
        the lines in question.
    steps
        Points on the path (midpoint rule: the gap falls with the square).

    Returns
    -------
    IntegratedGradients
        With the completeness gap of every sample.

    References
    ----------
    Sundararajan, Taly & Yan 2017, ICML (integrated gradients, completeness);
    Dhamdhere, Sundararajan & Yan 2019, ICLR (conductance of hidden nodes).
    """
    return account_for_lines(fitted, genotypes, partial(integrate_path, steps=steps))


def account_for_lines(
    fitted: FittedBINN,
    genotypes: Genotypes,
    account: Callable[[PlanNetwork, Tensor], PathIntegral],
) -> IntegratedGradients:
    """Return the shares that `account` finds, in units of the prediction."""
    dosage = align_variants(genotypes, fitted.plan.variants).call_dosage
    parts = [
        account(fitted.network, x)
        for x in network_inputs(fitted.network, fitted.markers, dosage)
    ]
    # from standardised to trait units, and to the network's share of the prediction
    unit = fitted.targets.sd * fitted.share
    variant = np.zeros((dosage.shape[0], fitted.plan.variants.n_variant, unit.size))
    used = fitted.network.used_variant
    variant[:, used] = np.concatenate([part.variant for part in parts]) * unit
    return IntegratedGradients(
        variant_id=fitted.plan.variants.variant_id,
        node_name=fitted.plan.node_name,
        variant=variant,
        node=np.concatenate([part.node for part in parts]) * unit,
        difference=np.concatenate([part.difference for part in parts]) * unit,
        gap=np.concatenate([part.gap for part in parts]) * unit,
    )


def integrate_path(
    network: PlanNetwork,
    x: Tensor,  # (n_used_variant, n_sample) standardised
    steps: int,
) -> PathIntegral:
    """Integrate gradients along the straight path from 0 to x."""
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
