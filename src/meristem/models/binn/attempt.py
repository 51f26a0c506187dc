"""Networks trained on a task, and their weight on rows they had not seen.

The network of the graph comes first. Where it has less than half of the prediction, the
graph may be wrong or incomplete: it is tried again with a part beside the graph that
reads all variants, and that one stays where unseen rows are predicted clearly better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import TrainedNetworkOptions
from meristem.mixed.averaging.stacking import clearly_better, stack
from meristem.models.binn.affordable import (
    OFF_GRAPH_STARTS,
    affordable,
    by_evidence,
    may_extend,
)
from meristem.models.binn.descent import Task, train_ensemble
from meristem.models.binn.evidence import fit_evidence_ensemble, task_work
from meristem.models.binn.objective import omics_targets
from meristem.models.binn.values import network_values
from meristem.models.networks.members import (
    Members,
    assign_members,
    fit_targets,
    out_of_fold,
    target_limits,
)
from meristem.models.polygenic import (
    Polygenic,
    polygenic_out_of_fold,
    polygenic_sets,
)
from meristem.nn.dag import PlanNetwork
from meristem.plan.off_graph import extend_off_graph, has_off_graph
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FloatArray, NetworkPlan, Splits


@dataclass(frozen=True)
class AttemptSettings:
    """What decides the weight of a network, and whether its graph is extended."""

    weight_sd: float = 0.5
    """How far held-out rows may move the weight of the network from none."""
    enough: float = 0.5
    """Weight in the prediction from which a network's graph is right enough."""


@dataclass(frozen=True)
class Attempt:
    """A trained ensemble, and its weight on rows that its networks had not seen."""

    task: Task
    network: PlanNetwork
    alone: Polygenic  # the linear path of all rows
    unseen: FloatArray  # (n_sample, n_target) the network, out of fold
    stacked: FloatArray  # (n_sample, n_target) with the linear path, out of fold
    share: FloatArray  # (n_target,) of the network in the prediction
    meta: dict[str, object]


@dataclass(frozen=True)
class _Paths:
    """Linear paths by the rows of every inner fold, and of all rows."""

    inner: Splits
    folds: NDArray[np.bool_]  # (n_fold, n_sample) rows each fold learns from
    fits: list[Polygenic]  # of the folds, the last one of all rows


def best_attempt(
    dataset: Dataset,
    plan: NetworkPlan,
    options: TrainedNetworkOptions,
    inner: Splits,
    rng: np.random.Generator,
    settings: AttemptSettings | None = None,
) -> Attempt:
    """Train the network of a plan, and its extension where that may help.

    Parameters
    ----------
    dataset
        Training rows.
    plan
        Compiled for the variants of the dataset.
    options
        With `off_graph = "always"` the extension alone is trained.
    inner
        Splits on whose rows the share of the network is found, and on which the
        extension has to predict better, by two standard errors of the difference.
    rng
        Source of randomness; the network of the plan draws first, so that trying an
        extension leaves it as it is.
    settings
        Constants of the choice.

    Raises
    ------
    DataError
        If a target has too few observations.
    """
    settings = AttemptSettings() if settings is None else settings
    members = assign_members(dataset.phenotypes, inner, options.seeds)
    markers = fit_scale(dataset.genotypes.call_dosage)
    targets = fit_targets(dataset.phenotypes)
    if options.off_graph == "always":
        plan = extend_off_graph(plan)
    omics = omics_targets(dataset.omics, dataset.n_sample, plan, options)
    task = Task(dataset, plan, markers, targets, members, omics)
    paths = _linear_paths(task, inner)
    first = _attempt(task, options, paths, rng, settings)
    wider = _extended(first, options, len(inner), settings)
    if wider is None:
        return first
    second = _attempt(wider, options, paths, rng, settings)
    value, weight = dataset.phenotypes.value, dataset.phenotypes.weight
    better = clearly_better(value, weight, first.stacked, second.stacked)
    return second if better else first


def _linear_paths(task: Task, inner: Splits) -> _Paths:
    folds = task.members.learn[:: task.members.n_seed]
    rows = [*map(np.flatnonzero, folds), np.arange(task.dataset.n_sample)]
    dosage, phenotypes = task.dataset.genotypes.call_dosage, task.dataset.phenotypes
    return _Paths(inner, folds, polygenic_sets(dosage, task.markers, phenotypes, rows))


def _extended(
    first: Attempt,
    options: TrainedNetworkOptions,
    n_fold: int,
    settings: AttemptSettings,
) -> Task | None:
    """Return the task with a part beside the graph; None where it is not to be tried.

    A network of a graph that is wrong, or half missing, has hardly any weight.
    """
    task = first.task
    enough = (first.share >= settings.enough).all()
    if first.meta["fit"] != "evidence" or enough:
        return None
    if not may_extend(options, task.plan.variants.n_variant):
        return None
    plan = extend_off_graph(task.plan)
    omics = omics_targets(task.dataset.omics, task.dataset.n_sample, plan, options)
    wider = replace(task, plan=plan, omics=omics)
    work = task_work(wider, options, n_fold, OFF_GRAPH_STARTS)
    return wider if affordable(options, plan.n_edge, work) else None


def _attempt(
    task: Task,
    options: TrainedNetworkOptions,
    paths: _Paths,
    rng: np.random.Generator,
    settings: AttemptSettings,
) -> Attempt:
    """Train networks, and find their share of the prediction."""
    phenotypes = task.dataset.phenotypes
    network, unseen, meta = _train(task, options, paths, rng)
    share, stacked = np.ones(phenotypes.n_target), unseen
    if options.polygenic == "stack":
        dosage = task.dataset.genotypes.call_dosage
        path = polygenic_out_of_fold(dosage, paths.fits[:-1], paths.inner)
        held, prior = np.stack([path, unseen]), np.array([1.0, 0.0])
        observed = phenotypes.value, phenotypes.weight
        share = stack(*observed, held, prior, sd=settings.weight_sd)[1]
        stacked = path + share * (unseen - path)
    return Attempt(task, network, paths.fits[-1], unseen, stacked, share, meta)


def _train(
    task: Task, options: TrainedNetworkOptions, paths: _Paths, rng: np.random.Generator
) -> tuple[PlanNetwork, FloatArray, dict[str, object]]:
    """Return the ensemble, what networks say of rows they had not seen, and how.

    What they say is in units of the trait, within its limits.
    """
    members, folds = task.members, paths.folds
    starts = OFF_GRAPH_STARTS if has_off_graph(task.plan) else 1
    work = task_work(task, options, folds.shape[0], starts)
    if by_evidence(options, task.plan.n_edge, work):
        ensemble = fit_evidence_ensemble(
            task, options, paths.fits, folds, rng, starts=starts
        )
        fit, kept, network = ensemble.fit, ensemble.kept, ensemble.whole
        held = members.held[:: members.n_seed][ensemble.fold]
        judges, judged = ensemble.folds, Members(folds[ensemble.fold], held, 1)
        meta: dict[str, object] = {
            "fit": "evidence",
            "rounds": fit.rounds,
            "log_evidence": fit.log_evidence[kept].tolist(),
            "noise": fit.noise[kept].tolist(),
        }
    else:
        network, history, weight = train_ensemble(task, options, rng)
        judges, judged = network, members
        meta = {
            "fit": "descent",
            "best_epoch": history.best_epoch.tolist(),
            "epochs": int(history.epoch[-1]) + 1,
            "stopped": history.stopped,
            "omics_weight": weight,
        }
    dosage, targets = task.dataset.genotypes.call_dosage, task.targets
    value = network_values(judges, task.markers, dosage)[0]
    limits = (target_limits(task.dataset.phenotypes) - targets.mean) / targets.sd
    unseen = out_of_fold(np.clip(value, *limits), judged)
    return network, unseen * targets.sd + targets.mean, meta
