"""Plans without knowledge in which every node reads everything below it."""

from __future__ import annotations

import numpy as np

from meristem.plan.assemble import PlanParts, assemble_plan
from meristem.records import NetworkPlan


def full_plan(plan: NetworkPlan, width: int) -> NetworkPlan:
    """Return a fully connected plan with as many levels as another plan.

    Every node of the first level reads every variant, every node of a later level
    reads every node of the level before, and the trait reads the last level: a dense
    network that can be trained as a knowledge graph is. Where two networks differ in
    their graph alone, this is what tells the graph from the way of fitting it.

    Parameters
    ----------
    plan
        The plan whose variants and number of levels to take.
    width
        Nodes per level.

    Returns
    -------
    NetworkPlan
        Over the same variants.

    Examples
    --------
    >>> from meristem.records import PlanLevel, VariantTable
    >>> blank = np.array(["", "", ""])
    >>> table = VariantTable(np.array(["a", "b", "c"]), blank, np.zeros(3, int),
    ...     blank, blank)
    >>> none = np.empty(0, int)
    >>> genes = PlanLevel(0, 1, np.array([0]), np.array([2]), none, none)
    >>> term = PlanLevel(1, 1, none, none, np.array([0]), np.array([0]))
    >>> plan = NetworkPlan(table, np.array(["g", "t"]), blank[:2],
    ...     np.array([0, 1]), (genes, term), np.array([1]))
    >>> full_plan(plan, 2).n_edge  # 2 x 3 from variants, 2 x 2 between levels
    10
    """
    n_level, n_variant = len(plan.levels), plan.variants.n_variant
    names = [f"unit{level}_{k}" for level in range(n_level) for k in range(width)]
    node = np.arange(n_level * width).reshape(n_level, width)
    return assemble_plan(
        PlanParts(
            variants=plan.variants,
            node_name=np.array(names),
            node_kind=np.full(len(names), "unit"),
            node_label=np.array(names),
            claim_node=np.repeat(node[0], n_variant),
            claim_variant=np.tile(np.arange(n_variant), width),
            edge_source=np.tile(node[:-1], (1, width)).ravel(),
            edge_target=np.repeat(node[1:], width, axis=1).ravel(),
            wanted_head=np.isin(np.arange(len(names)), node[-1]),
            source=f"fully connected, {width} wide",
        )
    )
