"""What a BINN is trained on: traits, and omics on the latents that stand for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from meristem.config.models import TrainedNetworkOptions
from meristem.models.networks.members import TraitTensors, trait_losses
from meristem.nn.dag import NetworkOutput, PlanNetwork, Replacement
from meristem.nn.losses import omics_loss
from meristem.records import FloatArray, IntArray, NetworkPlan, OmicsTable
from meristem.train import Losses, Objective


@dataclass(frozen=True)
class OmicsTargets:
    """Measurements of named nodes, standardised on the training rows."""

    node: IntArray  # (n_measured,) numbers in the plan; a node may occur twice
    value: FloatArray  # (n_sample, n_measured) NaN missing
    reliability: FloatArray  # (n_measured,) in (0, 1], NaN not known
    form: str  # "none", "soft", "hard" or "correlation"


def omics_targets(
    tables: tuple[OmicsTable, ...],
    n_sample: int,
    plan: NetworkPlan,
    options: TrainedNetworkOptions,
) -> OmicsTargets:
    """Collect the features that measure a node of the plan and vary.

    Parameters
    ----------
    tables
        All omics of the training rows.
    n_sample
        Number of training rows.
    plan
        Its node names are matched to the features' `node_name`.
    options
        With omics "none" or weight 0 there are no targets at all.
    """
    form = "none" if options.omics_weight == 0 else options.omics
    number = {str(name): i for i, name in enumerate(plan.node_name)}
    nodes: list[int] = []
    columns: list[FloatArray] = []
    reliability: list[float] = []
    for table in tables if form != "none" else ():
        for j, name in enumerate(table.node_name):
            column = table.value[:, j]
            seen = column[np.isfinite(column)]
            if str(name) not in number or seen.size < 3 or seen.std() == 0:
                continue
            nodes.append(number[str(name)])
            columns.append((column - seen.mean()) / seen.std())
            known = table.reliability
            reliability.append(math.nan if known is None else float(known[j]))
    value = np.stack(columns, axis=1) if columns else np.zeros((n_sample, 0))
    node = np.array(nodes, dtype=np.int64)
    return OmicsTargets(node, value, np.array(reliability), form)


def stage(kind: str, epoch: int, epochs: int) -> int:
    """Return the stage of training at an epoch; only "staged" has more than one.

    0, for a fifth of the epochs: variants to omics. 1, for another fifth: the trait
    from measured omics, as in the hard form. 2: everything at once.

    Examples
    --------
    >>> [stage("staged", epoch, 100) for epoch in (0, 19, 20, 39, 40, 99)]
    [0, 0, 1, 1, 2, 2]
    """
    return min(5 * epoch // epochs, 2) if kind == "staged" else 2


def schedule(kind: str, epoch: int, epochs: int) -> float:
    """Return the factor of the omics weight at an epoch.

    "decay" is 1 for a fifth of the epochs, falls along a cosine and stays at 0.1 from
    three fifths on: the labels shape the latents first, the trait has the last word.
    Other kinds are 1 throughout.

    Examples
    --------
    >>> [round(schedule("decay", e, 100), 2) for e in (0, 20, 40, 60, 99)]
    [1.0, 1.0, 0.55, 0.1, 0.1]
    """
    if kind != "decay":
        return 1.0
    share = min(max((epoch / epochs - 0.2) / 0.4, 0.0), 1.0)
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * share))


def make_objective(
    network: PlanNetwork,
    traits: TraitTensors,
    omics: OmicsTargets,
    weight: Tensor,  # (n_member,)
    factor: Callable[[int], float],
    stage_at: Callable[[int], int] = lambda _: 2,
) -> Objective:
    """Return the objective of a fit: trait loss + weight x omics loss.

    In the hard form the latent is replaced by its measurement wherever there is
    one, so that what reads it learns from the measured quantity; the latent itself
    learns from the omics loss. A measurement of reliability r counts r times, and
    stands for r times its value: the regression of the quantity on it (Fuller 1987,
    Measurement Error Models, ch. 1).
    """
    device = traits.observed.device
    reliable = np.nan_to_num(omics.reliability, nan=1.0)[:, None]  # (n_measured, 1)
    counts = (np.isfinite(omics.value.T) * reliable).astype(np.float32)
    present = torch.from_numpy(counts).to(device)
    measured = torch.from_numpy(np.nan_to_num(omics.value.T).astype(np.float32))
    measured = measured.to(device)
    stand_in = measured * torch.from_numpy(reliable.astype(np.float32)).to(device)
    node = torch.from_numpy(omics.node).to(device)
    form = "correlation" if omics.form == "correlation" else "soft"

    def objective(x: Tensor, rows: Tensor, epoch: int) -> Losses:
        if omics.node.size == 0:
            return trait_losses(network(x).value, traits, rows)
        seen, label = present[:, rows], measured[:, rows]
        learn, now = traits.learn[:, rows], stage_at(epoch)
        held = omics.form == "hard" or (omics.form == "soft" and now == 1)
        if network.training and held:
            output = _forward(network, x, (node, stand_in[:, rows], seen), learn)
        else:
            output = network(x)
        losses = trait_losses(output.value, traits, rows)
        extra = omics_loss(output.latent[node], label, seen, learn, form=form)
        extra = factor(epoch) * weight * extra
        total = extra if now == 0 else losses.train + extra
        return Losses(total, losses.held_error, losses.held_weight)

    return objective


def _forward(
    network: PlanNetwork,
    x: Tensor,
    labels: tuple[Tensor, Tensor, Tensor],
    learn: Tensor,  # (n_member, batch)
) -> NetworkOutput:
    node, label, seen = labels
    # rows held out from a member keep its own latents: they judge the prediction
    mask = (seen[:, None] > 0) & (learn[None] > 0)
    value = label[:, None].expand(mask.shape)
    held = network(x, replacement=Replacement(node, value, mask))
    return replace(held, parts=network(x).parts)
