"""The biologically informed network: a plan with weights beside a linear path.

The prediction is (1 - b) BLUP + b (network + BLUP of what the network leaves). Both
BLUPs read all variants, also those that no node claims; b is earned on out-of-fold
predictions, so that with nothing to find the model is GBLUP. Where the network did not
earn half of the prediction, it is tried again with a part beside the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from meristem.config.models import BINNOptions, TrainedNetworkOptions
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.binn.alignment import LatentScale, align_latents
from meristem.models.binn.attempt import Attempt, best_attempt
from meristem.models.binn.fitted import FittedBINN
from meristem.models.binn.state import network_from_state
from meristem.models.binn.values import network_values
from meristem.models.genomic_error import borrowed_error, restore_error
from meristem.models.networks.members import (
    TargetScale,
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
from meristem.plan.learned.of_options import network_plan
from meristem.plan.off_graph import has_off_graph
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
    ) -> FittedBINN:
        """Train the ensemble on the rows of `dataset`.

        Parameters
        ----------
        dataset
            Training rows; rows with omics alone serve the omics loss.
        rng
            Source of splits, initial weights and order.
        inner
            Splits that mimic the outer question; default random folds.

        Raises
        ------
        ConfigError
            If there is no graph, and none is to be learned.
        DataError
            If there are no variants, or a target has too few observations.
        """
        require_variants(dataset)
        folds = self.options.inner_folds
        inner = inner or random_inner(dataset.n_sample, rng, folds)
        plan = network_plan(dataset, self.options, self.plan, inner, rng)
        return fit_network(dataset, plan, self.options, inner, rng=rng)


def fit_network(
    dataset: Dataset,
    plan: NetworkPlan,
    options: TrainedNetworkOptions,
    inner: tuple[Split, ...],
    *,
    rng: np.random.Generator,
) -> FittedBINN:
    """Train the network of a plan compiled for the variants of the dataset."""
    tried = best_attempt(dataset, plan, options, inner, rng)
    return _fitted(tried, options, inner)


def _fitted(
    tried: Attempt, options: TrainedNetworkOptions, inner: tuple[Split, ...]
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
