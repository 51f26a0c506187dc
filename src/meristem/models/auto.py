"""The network that suits graph and omics: variance components, trained, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import AutoOptions
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.binn.fitted import FittedBINN
from meristem.models.binn.spec import fit_network
from meristem.models.core.entry import core_suits
from meristem.models.core.fit import fit_binn_core
from meristem.models.core.fitted import FittedCore
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error
from meristem.models.networks.members import require_variants
from meristem.models.panel import make_panel
from meristem.models.polygenic import fit_polygenic
from meristem.plan.learned.of_options import is_learned, network_plan
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, NetworkPlan, Split


@dataclass(frozen=True)
class Auto:
    """Specification of a network whose kind is chosen on the training rows.

    Parameters
    ----------
    options
        Of the trained network; a core reads those of graph and polygenic path.
    plan
        The compiled knowledge graph, for any variant table.
    """

    options: AutoOptions
    plan: NetworkPlan | None

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedCore | FittedBINN | FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Returns
        -------
        FittedCore, FittedBINN or FittedLinear
            Of the kind chosen, under whose name its state is kept; without a graph
            the polygenic path alone.

        Raises
        ------
        DataError
            If there are no variants, or a target has too few observations.
        """
        require_variants(dataset)
        options = self.options
        if self.plan is None and not is_learned(options):
            return _polygenic_alone(dataset)
        inner = inner or random_inner(dataset.n_sample, rng, options.inner_folds)
        plan = network_plan(dataset, options, self.plan, inner, rng)
        if core_suits(options, dataset, plan):
            return fit_binn_core(dataset, plan, options, inner, rng=rng)
        return fit_network(dataset, plan, options, inner, rng=rng)


def _polygenic_alone(dataset: Dataset) -> FittedLinear:
    """Return the polygenic path: what is left of a network without a graph."""
    genotypes, phenotypes = dataset.genotypes, dataset.phenotypes
    markers = fit_scale(genotypes.call_dosage)
    path = fit_polygenic(genotypes.call_dosage, markers, phenotypes)
    return FittedLinear(
        kind="auto",
        variants=genotypes.variants,
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        scale=markers,
        marker_effect=path.effect,
        intercept=path.intercept,
        tuning={"h2": path.h2.tolist()},
        error=borrowed_error(make_panel(genotypes), training_targets(phenotypes), ()),
    )
