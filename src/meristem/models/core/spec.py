"""Variance components of genes and sets over a graph, as a model of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import CoreOptions
from meristem.errors import ConfigError
from meristem.models.core.fit import core_part
from meristem.models.mixture.fit import fit_mixture
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.mixture.problem import make_problem
from meristem.models.protocol import FittedNetwork
from meristem.plan.learned.of_options import inner_plans, network_plan
from meristem.records import Dataset, NetworkPlan, Splits


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
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedMixture | FittedMixedNetwork | FittedNetwork:
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
        options = self.options
        problem = make_problem(dataset, inner, options.inner_folds, rng)
        plan = network_plan(dataset, options, self.plan, problem.inner, rng)
        folds = inner_plans(dataset, options, self.plan, problem.inner, rng)
        priors = options.priors
        core = core_part(problem, plan, folds, options, rng, priors=priors)
        if options.polygenic != "stack":
            return core.fitted
        return fit_mixture(problem, core, rng)
