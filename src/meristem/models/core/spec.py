"""Variance components of genes and sets over a graph, as a model of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import CoreOptions
from meristem.errors import ConfigError
from meristem.mixed.targets import random_inner
from meristem.models.core.fit import fit_binn_core
from meristem.models.core.fitted import FittedCore
from meristem.plan.learned.of_options import network_plan
from meristem.records import Dataset, NetworkPlan, Split


@dataclass(frozen=True)
class VarianceCore:
    """Specification of the variance-component core of a graph.

    Parameters
    ----------
    options
        Of graph and polygenic path.
    plan
        The compiled knowledge graph, for any variant table.
    """

    options: CoreOptions
    plan: NetworkPlan | None

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedCore:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        ConfigError
            If there are no omics, or no graph and none is to be learned.
        DataError
            If no gene of the graph is measured, or a target has too few values.
        """
        if not dataset.omics:
            raise ConfigError(
                'kind = "core" learns its genes from omics and there are none',
                remedy='add an [[omics]] section, or use kind = "binn" or "auto"',
            )
        folds = self.options.inner_folds
        inner = inner or random_inner(dataset.n_sample, rng, folds)
        plan = network_plan(dataset, self.options, self.plan, inner, rng)
        return fit_binn_core(dataset, plan, self.options, inner, rng=rng)
