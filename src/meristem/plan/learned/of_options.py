"""The plan of a model whose graph is learned on its training rows."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from meristem.config.models import LearnOptions
from meristem.errors import ConfigError, DataError, PlanError
from meristem.knowledge.build import Knowledge
from meristem.plan.compile import restrict_plan
from meristem.plan.learned.curated import plan_graph
from meristem.plan.learned.learn import learn_plan
from meristem.plan.null import random_plan, shuffle_plan
from meristem.records import Dataset, NetworkPlan, Splits
from meristem.stats.folds import nested


class GraphOptions(Protocol):
    """Options of a model that reads a graph."""

    @property
    def graph(self) -> str:
        """Where the graph comes from."""
        ...

    @property
    def learn(self) -> LearnOptions:
        """How it is learned."""
        ...


def is_learned(options: GraphOptions) -> bool:
    """Tell whether the graph comes from the training rows."""
    return options.graph in ("learned", "both")


def learned_network(
    dataset: Dataset,
    options: GraphOptions,
    curated: NetworkPlan | None,
    inner: Splits,
    rng: np.random.Generator,
) -> NetworkPlan:
    """Learn the plan of a model from its training rows.

    With equal options, rows and inner splits the plan is the same for every model.

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
    return _rewired(plan, options.learn.null, rng)


def model_plan(
    dataset: Dataset,
    options: GraphOptions,
    curated: NetworkPlan | None,
    inner: Splits,
    rng: np.random.Generator,
) -> NetworkPlan | None:
    """Return the plan of a model: learned, or restricted to the variants.

    A graph called "shuffled" or "random" is the curated one rewired, or drawn anew.
    None without curated knowledge where nothing is to be learned, and where the graph
    is "none".
    """
    if is_learned(options):
        return learned_network(dataset, options, curated, inner, rng)
    if curated is None or options.graph == "none":
        return None
    plan = restrict_plan(curated, dataset.genotypes.variants)
    return _rewired(plan, options.graph, rng)


def network_plan(
    dataset: Dataset,
    options: GraphOptions,
    curated: NetworkPlan | None,
    inner: Splits,
    rng: np.random.Generator,
) -> NetworkPlan:
    """Return the plan of a network that cannot do without one; see `model_plan`.

    Raises
    ------
    ConfigError
        If there is no curated knowledge, and nothing is to be learned.
    """
    plan = model_plan(dataset, options, curated, inner, rng)
    if plan is None:
        raise ConfigError(
            "this network needs a graph and there is no knowledge",
            remedy='add a [knowledge] section, set graph = "learned", or use kind = '
            '"auto", which is the linear path alone without a graph',
        )
    return plan


def inner_plans(
    dataset: Dataset,
    options: GraphOptions,
    curated: NetworkPlan | None,
    inner: Splits,
    rng: np.random.Generator,
) -> tuple[NetworkPlan | None, ...]:
    """Return the graph that the training rows of every inner split teach.

    Genes, their variants and what stands above them are chosen anew in each: rows
    that chose a graph cannot judge it. A split with too few measured rows for a graph
    has None. Nothing at all where no graph is learned: the curated one is no choice
    of any row.
    """
    if not is_learned(options):
        return ()
    plans: list[NetworkPlan | None] = []
    for split in inner:
        train = dataset.take(split.train)
        try:
            plans.append(
                learned_network(train, options, curated, nested(inner, split), rng)
            )
        except DataError:  # no fault of the data: all rows were enough
            plans.append(None)
    return tuple(plans)


def _rewired(plan: NetworkPlan, how: str, rng: np.random.Generator) -> NetworkPlan:
    if how == "shuffled":
        return shuffle_plan(plan, rng)
    return random_plan(plan, rng) if how == "random" else plan
