"""The plan of a BINN whose graph is learned on its training rows."""

from __future__ import annotations

import numpy as np

from meristem.config.models import BINNOptions
from meristem.errors import PlanError
from meristem.knowledge.build import Knowledge
from meristem.plan.curated import plan_graph
from meristem.plan.learn import learn_plan
from meristem.plan.null import random_plan, shuffle_plan
from meristem.records import Dataset, NetworkPlan, Split


def is_learned(options: BINNOptions) -> bool:
    """Tell whether the graph comes from the training rows."""
    return options.graph in ("learned", "both")


def learned_network(
    dataset: Dataset,
    options: BINNOptions,
    curated: NetworkPlan | None,
    inner: tuple[Split, ...],
    rng: np.random.Generator,
) -> NetworkPlan:
    """Learn the plan of a network from its training rows.

    Parameters
    ----------
    dataset
        Training rows.
    options
        `graph` is "learned" (genes and their variants) or "both" (curated terms on
        top); `learn` says how, and whether what was learned is rewired (controls).
    curated
        Compiled knowledge. Its genes' variants are their cis windows.
    inner
        Splits that judge the choice of genes.
    rng
        Source of randomness.

    Raises
    ------
    PlanError
        If `graph` is "both" and there is no curated knowledge.
    DataError
        If there are too few rows with omics.
    """
    if options.graph == "both" and curated is None:
        raise PlanError(
            'graph = "both" needs curated knowledge and there is none',
            remedy='add a [knowledge] section, or set graph = "learned"',
        )
    knowledge = None if curated is None else Knowledge(plan_graph(curated))
    plan = learn_plan(
        dataset,
        options.learn,
        rng=rng,
        knowledge=knowledge,
        inner=inner,
        merge=options.graph == "both",
    )
    if options.learn.null == "shuffled":
        return shuffle_plan(plan, rng)
    return random_plan(plan, rng) if options.learn.null == "random" else plan
