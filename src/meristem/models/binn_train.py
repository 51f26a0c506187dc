"""Training of a BINN ensemble: all members as one tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from meristem.config.models import BINNOptions
from meristem.models.binn_objective import OmicsTargets, make_objective, schedule
from meristem.models.members import (
    Members,
    TargetScale,
    fit_settings,
    pick_device,
    torch_generator,
    trait_tensors,
)
from meristem.nn.dag import NodeShape, PlanNetwork, move_structures
from meristem.prepare.scale import MarkerScale
from meristem.records import Dataset, NetworkPlan
from meristem.train import Batches, DosageBatches, History, WholeBatch, fit_network


@dataclass(frozen=True)
class Task:
    """Everything a network is trained on."""

    dataset: Dataset
    plan: NetworkPlan
    markers: MarkerScale
    targets: TargetScale
    members: Members
    omics: OmicsTargets


def train_ensemble(
    task: Task,
    options: BINNOptions,
    rng: np.random.Generator,
) -> tuple[PlanNetwork, History]:
    """Train all members; return the network on the CPU, and how it went."""
    device = pick_device(options.device)
    network = PlanNetwork(
        task.plan,
        node_shape(options),
        n_target=task.dataset.phenotypes.n_target,
        members=task.members.n_member,
        generator=torch_generator(rng),
    )
    move_structures(network, device)
    weight = options.omics_weight if options.omics_weight != "auto" else 1.0
    settings = fit_settings(options)
    objective = make_objective(
        network,
        trait_tensors(task.dataset.phenotypes, task.targets, task.members, device),
        task.omics,
        torch.full((task.members.n_member,), float(weight), device=device),
        lambda epoch: schedule(options.omics_schedule, epoch, settings.epochs),
    )
    batches = _batches(network, task, options, device)
    history = fit_network(network, batches, objective, settings, rng=rng)
    network.standardise(None, None)
    return move_structures(network, "cpu").eval(), history


def node_shape(options: BINNOptions) -> NodeShape:
    """Return the sizes of the small nets that the options ask for."""
    return NodeShape(
        options.hidden, options.variant_hidden, options.width, options.activation
    )


def _batches(
    network: PlanNetwork,
    task: Task,
    options: BINNOptions,
    device: torch.device,
) -> Batches:
    used = network.used_variant
    scale = task.markers.take(used)
    dosage = task.dataset.genotypes.call_dosage[:, used]
    if options.batch_size == 0 or options.batch_size >= dosage.shape[0]:
        x = torch.from_numpy(np.ascontiguousarray(scale.standardise(dosage).T))
        return WholeBatch(x.to(device))
    mean = torch.from_numpy(scale.mean.astype(np.float32))
    # a variant that does not vary is divided by infinity: no part in anything
    sd = np.where(scale.weight > 0, scale.sd, np.inf).astype(np.float32)
    network.standardise(mean.to(device), torch.from_numpy(sd).to(device))
    return DosageBatches(dosage, mean, options.batch_size, device=device)
