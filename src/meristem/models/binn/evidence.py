"""Fit of a BINN ensemble by Gauss-Newton with learned variances.

One network per inner fold says how well networks predict rows they did not see; the
others learn from all rows, and those that ended in a poor optimum are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.config.models import TrainedNetworkOptions
from meristem.models.binn.affordable import step_work
from meristem.models.binn.descent import Task, node_shape
from meristem.models.networks.members import torch_generator
from meristem.models.polygenic import Polygenic
from meristem.nn.dag import PlanNetwork, take_members
from meristem.nn.start import start_from_linear
from meristem.plan.network_size import node_parameters
from meristem.records import FloatArray, IntArray
from meristem.train.evidence import (
    EvidenceFit,
    EvidenceSettings,
    Observed,
    fit_evidence,
)

_POOR = 0.15
"""Evidence per observed value that a member may lack: noise 1.2 times the best's."""


@dataclass(frozen=True)
class EvidenceEnsemble:
    """Networks of inner folds and networks of all rows."""

    folds: PlanNetwork  # the kept members of the inner folds
    fold: IntArray  # (n_kept,) inner fold of each of them
    whole: PlanNetwork  # the kept members of all rows
    fit: EvidenceFit
    kept: list[int]  # members of the fit that `whole` holds


def task_work(
    task: Task, options: TrainedNetworkOptions, n_fold: int, starts: int = 1
) -> float:
    """Return the multiplications of one Gauss-Newton step of all members."""
    n_target = task.dataset.phenotypes.n_target
    observations = float(task.dataset.n_sample * (n_target + task.omics.node.size))
    parameters = node_parameters(options, task.plan)
    return step_work(options, parameters, observations, n_fold * starts)


def fit_evidence_ensemble(
    task: Task,
    options: TrainedNetworkOptions,
    linear: list[Polygenic],  # of every inner fold, the last one of all rows
    fold_rows: NDArray[np.bool_],  # (n_fold, n_sample) rows each fold learns from
    rng: np.random.Generator,
    *,
    starts: int = 1,
) -> EvidenceEnsemble:
    """Fit the networks of all inner folds and of all rows as one tensor.

    Every inner fold has `starts` networks.
    """
    n_fold, n_sample = fold_rows.shape
    n_whole = 2 * options.seeds
    of_member = [*np.repeat(np.arange(n_fold), starts), *[n_fold] * n_whole]
    every = np.concatenate([fold_rows, np.ones((1, n_sample), dtype=bool)])
    learn = every[of_member]
    generator = torch_generator(rng)
    network = PlanNetwork(
        task.plan,
        node_shape(options),
        n_target=task.dataset.phenotypes.n_target,
        members=len(of_member),
        generator=generator,
    )
    used = network.used_variant
    markers = task.markers.take(used)
    dosage = task.dataset.genotypes.call_dosage[:, used]
    x = torch.from_numpy(np.ascontiguousarray(markers.standardise(dosage).T))
    effect = np.stack(
        [
            linear[number].effect[used, k % linear[number].effect.shape[1]]
            * markers.sd
            * markers.weight
            for k, number in enumerate(of_member)
        ]
    )
    start_from_linear(network, torch.from_numpy(effect).float(), x, generator)
    h2 = np.stack([linear[number].h2 for number in of_member])
    observed = _observations(task, learn, h2, options)
    settings = EvidenceSettings(rounds=options.rounds)
    fit = fit_evidence(network, x, observed, settings)
    count = (observed.weight > 0).sum((1, 2)).tolist()
    good = [
        _good_members(fit.log_evidence, range(first, first + size), int(count[first]))
        for first, size in [
            *((k * starts, starts) for k in range(n_fold)),
            (n_fold * starts, n_whole),
        ]
    ]
    of_folds = [member for kept in good[:-1] for member in kept]
    return EvidenceEnsemble(
        take_members(network, task.plan, of_folds),
        np.array(of_member)[of_folds],
        take_members(network, task.plan, good[-1]),
        fit,
        good[-1],
    )


def _good_members(log_evidence: FloatArray, among: range, n_value: int) -> list[int]:
    """Return the members `among` these that did not end in a poor optimum."""
    found = np.nan_to_num(log_evidence[among.start : among.stop], nan=-np.inf)
    good = found >= found.max() - _POOR * n_value
    # two at least: the spread of a prediction is theirs
    good[np.argsort(-found)[:2]] = True
    return [among.start + int(k) for k in np.flatnonzero(good)]


def _observations(
    task: Task,
    learn: NDArray[np.bool_],  # (n_member, n_sample)
    h2: FloatArray,  # (n_member, n_target)
    options: TrainedNetworkOptions,
) -> Observed:
    phenotypes, targets = task.dataset.phenotypes, task.targets
    trait = (phenotypes.value - targets.mean) / targets.sd
    weight = np.where(np.isfinite(trait), phenotypes.weight, 0.0)
    weight /= np.maximum(weight.sum(0) / np.maximum((weight > 0).sum(0), 1), 1e-300)
    strength = 1.0 if options.omics_weight == "auto" else float(options.omics_weight)
    omics = task.omics.value
    label = np.where(np.isfinite(omics), strength, 0.0)
    value = np.nan_to_num(np.concatenate([trait, omics], axis=1))
    each = np.concatenate([weight, label], axis=1)  # (n_sample, n_output)
    # a trait's noise starts at what the linear model leaves, a latent's at one half
    # or at what its reliability leaves
    noise = np.full((learn.shape[0], each.shape[1]), 0.5)
    left = np.nan_to_num(1.0 - task.omics.reliability, nan=0.5)
    noise[:, h2.shape[1] :] = np.clip(left, 0.02, 1.0)
    noise[:, : h2.shape[1]] = np.clip(1.0 - h2, 0.05, 1.0)
    return Observed(
        torch.from_numpy(np.ascontiguousarray(value.T)),
        torch.from_numpy(learn[:, None] * each.T[None]),
        torch.from_numpy(task.omics.node),
        torch.from_numpy(noise),
    )
