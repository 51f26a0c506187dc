"""A part beside the graph: what no edge of the knowledge carries.

A graph may be wrong or incomplete. The plan is then extended by nodes that read all
variants, and one node above them that the trait reads; the edges of the graph stay
as they are, and nothing joins the two but the trait.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.errors import PlanError
from meristem.plan.assemble import assemble_plan, take_apart
from meristem.records import NetworkPlan

OFF_GRAPH = "off-graph"
"""Kind of the nodes beside the graph, and name of the one that the trait reads."""

N_READER = 4
"""Nodes that read all variants: directions of the genotype along which it may bend."""


def extend_off_graph(plan: NetworkPlan) -> NetworkPlan:
    """Return a plan with a part that reads all variants beside the graph.

    Parameters
    ----------
    plan
        The plan of the knowledge.

    Returns
    -------
    NetworkPlan
        The same nodes and edges, the nodes `off-graph 1` to `off-graph 4` that read
        all variants of the table, and `off-graph`, which reads these and is read by
        the trait.

    Raises
    ------
    PlanError
        If a node of the plan has one of these names.

    Examples
    --------
    >>> from meristem.records import NetworkPlan, PlanLevel, VariantTable
    >>> import numpy as np
    >>> none = np.zeros(0, dtype=np.int64)
    >>> table = VariantTable(
    ...     np.array(["a", "b"]), np.array(["1", "1"]), np.array([1, 2]),
    ...     np.array(["A", "A"]), np.array(["C", "C"]),
    ... )
    >>> level = PlanLevel(0, 1, np.array([0]), np.array([1]), none, none)
    >>> plan = NetworkPlan(
    ...     table, np.array(["g"]), np.array(["gene"]), np.array([0]), (level,),
    ...     np.array([0]),
    ... )
    >>> wider = extend_off_graph(plan)
    >>> wider.n_edge, wider.node_name[wider.head_node].tolist()
    (13, ['g', 'off-graph'])
    """
    parts = take_apart(plan)
    first, n_variant = parts.node_name.size, plan.variants.n_variant
    readers = first + np.arange(N_READER)
    names = np.array([f"{OFF_GRAPH} {k + 1}" for k in range(N_READER)] + [OFF_GRAPH])
    taken = np.intersect1d(names, parts.node_name)
    if taken.size:
        raise PlanError(
            f"a node is already called {taken[0]!r}",
            where=plan.source,
            remedy='rename it, or set off_graph = "none"',
        )
    every = np.tile(np.arange(n_variant), N_READER)
    above = np.full(N_READER, first + N_READER)
    extended = replace(
        parts,
        node_name=np.concatenate([parts.node_name, names]),
        node_kind=np.concatenate([parts.node_kind, np.full(names.size, OFF_GRAPH)]),
        node_label=np.concatenate([parts.node_label, names]),
        claim_node=np.concatenate([parts.claim_node, np.repeat(readers, n_variant)]),
        claim_variant=np.concatenate([parts.claim_variant, every]),
        edge_source=np.concatenate([parts.edge_source, readers]),
        edge_target=np.concatenate([parts.edge_target, above]),
        wanted_head=np.concatenate([parts.wanted_head, names == OFF_GRAPH]),
    )
    return assemble_plan(extended)


def has_off_graph(plan: NetworkPlan) -> bool:
    """Return whether a plan has a part beside the graph."""
    return bool((plan.node_kind == OFF_GRAPH).any())
