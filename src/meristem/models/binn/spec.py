"""The biologically informed network: a plan with weights beside a linear path.

The prediction is (1 - b) BLUP + b (network + BLUP of what the network leaves). Both
BLUPs read all variants, also those that no node claims; b is earned on out-of-fold
predictions, so that with nothing to find the model is GBLUP. Where the network did not
earn half of the prediction, it is tried again with a part beside the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from meristem.config.models import BINNOptions
from meristem.mixed.targets import training_targets
from meristem.models.binn.attempt import Attempt, best_attempt
from meristem.models.binn.fitted import (
    FittedBINN,
    LatentScale,
    align_latents,
    network_values,
)
from meristem.models.binn.state import network_from_state
from meristem.models.core.fit import core_in_charge, fit_binn_core
from meristem.models.core.fitted import FittedCore, restore_core
from meristem.models.effects import FittedLinear, restore_linear
from meristem.models.genomic_error import borrowed_error, restore_error
from meristem.models.networks.members import (
    TargetScale,
    random_splits,
    require_variants,
    target_limits,
)
from meristem.models.packing import plan_from_arrays, unpack_scale, unpack_targets
from meristem.models.panel import make_panel
from meristem.models.polygenic import (
    Polygenic,
    fit_polygenic,
    mix_polygenic,
    no_polygenic,
)
from meristem.nn.skips import settle_skips
from meristem.plan.compile import restrict_plan
from meristem.plan.learned.of_options import is_learned, learned_network
from meristem.plan.null import random_plan, shuffle_plan
from meristem.plan.off_graph import has_off_graph
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FittedState, NetworkPlan, Split


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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedBINN | FittedCore | FittedLinear:
        """Train the ensemble on the rows of `dataset`.

        Parameters
        ----------
        dataset
            Training rows; rows with omics alone serve the omics loss.
        rng
            Source of splits, initial weights and order.
        inner
            Splits that mimic the outer question; default random folds.

        Returns
        -------
        FittedBINN, FittedCore or FittedLinear
            The core where it is in charge; without a graph the polygenic path alone.

        Raises
        ------
        DataError
            If there are no variants, or a target has too few observations.
        """
        require_variants(dataset)
        options = self.options
        if self.plan is None and not is_learned(options):
            return _polygenic_alone(dataset)
        inner = inner or random_splits(dataset.n_sample, options.inner_folds, rng)
        plan = self._plan(dataset, inner, rng)
        if core_in_charge(options, dataset, plan):
            return fit_binn_core(dataset, plan, options, inner, rng=rng)
        tried = best_attempt(dataset, plan, options, inner, rng)
        return _fitted(tried, options, inner)

    def _plan(
        self,
        dataset: Dataset,
        inner: tuple[Split, ...],
        rng: np.random.Generator,
    ) -> NetworkPlan:
        if is_learned(self.options):
            return learned_network(dataset, self.options, self.plan, inner, rng)
        plan = restrict_plan(cast(NetworkPlan, self.plan), dataset.genotypes.variants)
        if self.options.graph == "shuffled":
            return shuffle_plan(plan, rng)
        return random_plan(plan, rng) if self.options.graph == "random" else plan


def _fitted(
    tried: Attempt, options: BINNOptions, inner: tuple[Split, ...]
) -> FittedBINN:
    """Return the model: the network beside a path for what it leaves."""
    task, share, plan = tried.task, tried.share, tried.task.plan
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
            make_panel(task.dataset.genotypes),
            training_targets(phenotypes),
            inner,
            tried.stacked,
        ),
    )


def _polygenic_alone(dataset: Dataset) -> FittedLinear:
    """Return the polygenic path: what is left of the network without a graph."""
    genotypes, phenotypes = dataset.genotypes, dataset.phenotypes
    markers = fit_scale(genotypes.call_dosage)
    path = fit_polygenic(genotypes.call_dosage, markers, phenotypes)
    return FittedLinear(
        kind="binn",
        variants=genotypes.variants,
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        scale=markers,
        marker_effect=path.effect,
        intercept=path.intercept,
        tuning={"h2": path.h2.tolist()},
        error=borrowed_error(make_panel(genotypes), training_targets(phenotypes), ()),
    )


def restore_binn(state: FittedState) -> FittedBINN | FittedCore | FittedLinear:
    """Return the fitted model that the state of a BINN described."""
    if "marker_effect" in state.arrays:
        return restore_linear(state)
    if state.meta.get("core"):
        return restore_core(state)
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
