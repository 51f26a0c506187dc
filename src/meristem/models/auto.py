"""All that predicts a panel, each at the share it earned on rows left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import AutoOptions
from meristem.models.binn.spec import trained_part
from meristem.models.core.entry import core_suits
from meristem.models.core.fit import core_part
from meristem.models.mixture.fit import fit_mixture
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.mixture.problem import make_problem
from meristem.models.networks.members import require_variants
from meristem.models.protocol import FittedNetwork
from meristem.plan.learned.of_options import inner_plans, is_learned, network_plan
from meristem.records import Dataset, NetworkPlan, Splits


@dataclass(frozen=True)
class Auto:
    """Specification of a mixture: kernels, a scan, a forest, omics, and a network.

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
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedMixture | FittedMixedNetwork | FittedNetwork:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Returns
        -------
        FittedMixture, FittedMixedNetwork or FittedNetwork
            Without a graph, models of all variants alone. With one, a network beside
            them: of variance components where these suit, trained elsewhere. The
            network itself where `polygenic` is not "stack".

        Raises
        ------
        DataError
            If there are no variants, or a target has too few observations.
        """
        require_variants(dataset)
        options = self.options
        problem = make_problem(dataset, inner, options.inner_folds, rng)
        known = self.plan is not None and options.graph != "none"
        if not known and not is_learned(options):
            return fit_mixture(problem, None, rng)
        plan = network_plan(dataset, options, self.plan, problem.inner, rng)
        folds = inner_plans(dataset, options, self.plan, problem.inner, rng)
        make = core_part if core_suits(options, dataset, plan) else trained_part
        network = make(problem, plan, folds, options, rng)
        if options.polygenic != "stack":
            return network.fitted
        return fit_mixture(problem, network, rng)
