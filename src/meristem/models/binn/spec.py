"""The biologically informed network: a plan with weights beside a linear path.

The prediction is (1 - b) mixture + b (network + BLUP of what the network leaves). The
mixture is that of models of all variants (`models.mixture`), and the BLUP reads them
all, also those that no node claims; b is earned on rows left out. Where the network did
not earn half of the prediction beside GBLUP, it is tried again with a part beside the
graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from meristem.config.models import BINNOptions, TrainedNetworkOptions
from meristem.mixed.targets import MIN_ROWS
from meristem.models.binn.alignment import LatentScale, align_latents
from meristem.models.binn.attempt import Attempt, best_attempt
from meristem.models.binn.fitted import FittedBINN
from meristem.models.binn.state import network_from_state
from meristem.models.binn.values import network_values
from meristem.models.genomic_error import borrowed_error, restore_error
from meristem.models.mixture.fit import NetworkPart, fit_mixture
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.mixture.problem import Problem, make_problem
from meristem.models.networks.members import (
    TargetScale,
    require_variants,
    target_limits,
)
from meristem.models.packing import plan_from_arrays, unpack_scale, unpack_targets
from meristem.models.polygenic import (
    Polygenic,
    fit_polygenic,
    mix_polygenic,
    no_polygenic,
)
from meristem.models.protocol import FittedNetwork
from meristem.nn.skips import settle_skips
from meristem.plan.learned.of_options import inner_plans, network_plan
from meristem.plan.off_graph import has_off_graph
from meristem.records import Dataset, FittedState, FloatArray, NetworkPlan, Splits
from meristem.stats.folds import nested


@dataclass(frozen=True)
class BINN:
    """Specification of a biologically informed network.

    Parameters
    ----------
    options
        Sizes, training and omics options.
    plan
        The compiled knowledge graph, for any variant table: it is restricted by
        name to the variants of the dataset.

    References
    ----------
    Kontolati et al. 2025, arXiv 2510.14970 (the idea of a network whose latents
    stand for omics and that predicts from genotypes alone).
    """

    options: BINNOptions
    plan: NetworkPlan | None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedMixture | FittedMixedNetwork | FittedNetwork:
        """Train the ensemble; rows with omics alone serve the omics loss.

        Raises
        ------
        ConfigError
            If there is no graph, and none is to be learned.
        DataError
            If there are no variants, or a target has too few observations.
        """
        require_variants(dataset)
        options = self.options
        problem = make_problem(dataset, inner, options.inner_folds, rng)
        plan = network_plan(dataset, options, self.plan, problem.inner, rng)
        folds = inner_plans(dataset, options, self.plan, problem.inner, rng)
        network = trained_part(problem, plan, folds, options, rng)
        if options.polygenic != "stack":
            return network.fitted
        return fit_mixture(problem, network, rng)


def trained_part(
    problem: Problem,
    plan: NetworkPlan,
    folds: tuple[NetworkPlan | None, ...],
    options: TrainedNetworkOptions,
    rng: np.random.Generator,
) -> NetworkPart:
    """Train the network of a plan, and see what it says of rows left out.

    Parameters
    ----------
    problem
        Training rows.
    plan
        Compiled for the variants of the dataset.
    folds
        The plan that every inner split learned from its own rows: a network of each
        predicts the rows of its split. Empty: the plan was not learned, and the
        networks of the inner folds say it.
    options
        Of the network.
    rng
        Source of randomness.
    """
    dataset, inner = problem.dataset, problem.inner
    tried = best_attempt(dataset, plan, options, inner, rng)
    held = tried.unseen
    if folds:
        held = _relearned(problem, folds, options, rng)
    return NetworkPart("trained network", _fitted(tried, options, problem), held)


def _relearned(
    problem: Problem,
    folds: tuple[NetworkPlan | None, ...],
    options: TrainedNetworkOptions,
    rng: np.random.Generator,
) -> FloatArray:  # (n_sample, n_target) NaN where a row was never held out
    """Return predictions of rows by networks whose graph they did not choose."""
    dataset, lean = problem.dataset, options.changed(seeds=1, off_graph="none")
    total = np.zeros(dataset.phenotypes.value.shape)
    count = np.zeros((dataset.n_sample, 1))
    for split, plan in zip(problem.inner, folds, strict=True):
        others = nested(problem.inner, split)
        train = dataset.take(split.train)
        seen = (~np.isnan(train.phenotypes.value)).sum(axis=0)
        if plan is None or not others or seen.min() < MIN_ROWS:
            continue
        tried = best_attempt(train, plan, lean, others, rng)
        dosage = dataset.genotypes.call_dosage[split.test]
        value = network_values(tried.network, tried.task.markers, dosage)[0]
        limits, scale = target_limits(train.phenotypes), tried.task.targets
        value = np.clip(value * scale.sd + scale.mean, *limits)
        total[split.test] += value.mean(axis=0)
        count[split.test] += 1
    return total / np.where(count > 0, count, np.nan)


def _fitted(
    tried: Attempt, options: TrainedNetworkOptions, problem: Problem
) -> FittedBINN:
    """Return the network with all of the prediction, and a path for what it leaves."""
    task, plan = tried.task, tried.task.plan
    share = np.ones_like(tried.share)
    phenotypes, dosage = task.dataset.phenotypes, task.dataset.genotypes.call_dosage
    # what no node claims stands in the rest that unseen rows leave
    rest = replace(phenotypes, value=phenotypes.value - tried.unseen)
    polygenic = mix_polygenic(
        tried.alone, fit_polygenic(dosage, task.markers, rest), share
    )
    if options.polygenic == "none":
        polygenic = no_polygenic(task.markers, phenotypes.n_target)
    latents = network_values(tried.network, task.markers, dosage)[1]
    if tried.meta["fit"] == "evidence":
        latents = settle_skips(tried.network, plan, latents, task.omics.node)
    return FittedBINN(
        plan=plan,
        network=tried.network,
        markers=task.markers,
        targets=task.targets,
        limits=target_limits(phenotypes),
        polygenic=polygenic,
        share=share,
        latent_scale=align_latents(latents, task.omics.node, task.omics.value),
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        meta={
            "plan_hash": plan.hash,
            "share": share.tolist(),
            "off_graph": has_off_graph(plan),
        }
        | tried.meta,
        error=borrowed_error(
            problem.panel, problem.targets, problem.inner, tried.unseen
        ),
    )


def restore_binn(state: FittedState) -> FittedBINN:
    """Return the fitted model that the state of a BINN described."""
    arrays = state.arrays
    plan = plan_from_arrays(state)
    markers = unpack_scale(arrays)
    traits, environments = unpack_targets(arrays)
    fit: Any = state.meta["fit"]
    return FittedBINN(
        plan=plan,
        network=network_from_state(state, plan),
        markers=markers,
        targets=TargetScale(arrays["target_mean"], arrays["target_sd"]),
        limits=arrays["limits"],
        polygenic=Polygenic(
            markers.mean,
            arrays["polygenic_effect"],
            arrays["polygenic_intercept"],
            arrays["polygenic_h2"],
        ),
        share=arrays["share"],
        latent_scale=LatentScale(arrays["latent_mean"], arrays["latent_spread"]),
        trait_name=traits,
        environment_name=environments,
        meta=dict(fit),
        error=restore_error(arrays),
    )
