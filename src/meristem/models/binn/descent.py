"""Training of a BINN ensemble: all members as one tensor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from meristem.config.models import TrainedNetworkOptions
from meristem.models.binn.objective import OmicsTargets, make_objective, schedule, stage
from meristem.models.networks.members import (
    Members,
    TargetScale,
    fit_settings,
    pick_device,
    repeat_members,
    torch_generator,
    trait_tensors,
)
from meristem.nn.dag import NodeShape, PlanNetwork, move_structures, take_members
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


OMICS_WEIGHTS: tuple[float, ...] = (0.0, 0.3, 1.0, 3.0)
"""Candidates of the omics weight where it is to be chosen."""


def train_ensemble(
    task: Task,
    options: TrainedNetworkOptions,
    rng: np.random.Generator,
) -> tuple[PlanNetwork, History, float]:
    """Train all members; return the network on the CPU, how it went, omics weight.

    With the weight "auto" the ensemble is trained once for every candidate, all in
    one tensor, and the candidate with the lowest error on the rows held out stays.
    """
    if options.omics_weight != "auto" or task.omics.node.size == 0:
        chosen = 0.0 if options.omics_weight == "auto" else options.omics_weight
        return *_train(task, options, (chosen,), rng), chosen
    network, history = _train(task, options, OMICS_WEIGHTS, rng)
    n_member = task.members.n_member
    lowest = np.nanmin(history.held, axis=0).reshape(len(OMICS_WEIGHTS), n_member)
    best = int(lowest.mean(axis=1).argmin())
    index = list(range(best * n_member, (best + 1) * n_member))
    part = replace(
        history,
        train=history.train[:, index],
        held=history.held[:, index],
        best_epoch=history.best_epoch[index],
    )
    return take_members(network, task.plan, index), part, OMICS_WEIGHTS[best]


def _train(
    task: Task,
    options: TrainedNetworkOptions,
    omics_weight: tuple[float, ...],
    rng: np.random.Generator,
) -> tuple[PlanNetwork, History]:
    """Train all members once for every omics weight."""
    device = pick_device(options.device)
    members = repeat_members(task.members, len(omics_weight))
    network = PlanNetwork(
        task.plan,
        node_shape(options),
        n_target=task.dataset.phenotypes.n_target,
        members=members.n_member,
        generator=torch_generator(rng),
    )
    move_structures(network, device)
    settings = fit_settings(options)
    if options.omics_schedule == "staged" and task.omics.node.size:
        settings = replace(settings, settle=2 * settings.epochs // 5)
    weight = np.repeat(omics_weight, task.members.n_member)
    objective = make_objective(
        network,
        trait_tensors(task.dataset.phenotypes, task.targets, members, device),
        task.omics,
        torch.from_numpy(weight.astype(np.float32)).to(device),
        lambda epoch: schedule(options.omics_schedule, epoch, settings.epochs),
        lambda epoch: stage(options.omics_schedule, epoch, settings.epochs),
    )
    batches = _batches(network, task, options, device)
    history = fit_network(network, batches, objective, settings, rng=rng)
    network.standardise(None, None)
    return move_structures(network, "cpu").eval(), history


def node_shape(options: TrainedNetworkOptions) -> NodeShape:
    """Return the sizes of the small nets that the options ask for."""
    return NodeShape(
        options.hidden, options.variant_hidden, options.width, options.activation
    )


def _batches(
    network: PlanNetwork,
    task: Task,
    options: TrainedNetworkOptions,
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
