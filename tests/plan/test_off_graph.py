"""The part beside the graph: what it reads, and that the graph stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.errors import PlanError
from meristem.plan.assemble import assemble_plan, node_edges, take_apart, variant_edges
from meristem.plan.off_graph import (
    N_READER,
    OFF_GRAPH,
    extend_off_graph,
    has_off_graph,
)
from meristem.records import NetworkPlan, PlanLevel, VariantTable


def small_plan() -> NetworkPlan:
    """Genes a (variants 0, 1) and b (variant 2), t reads both; variants 3, 4 free."""
    none = np.zeros(0, dtype=np.int64)
    names = np.array([f"v{k}" for k in range(5)])
    table = VariantTable(
        names, np.full(5, "1"), 1 + np.arange(5), np.full(5, "A"), np.full(5, "C")
    )
    levels = (
        PlanLevel(0, 2, np.array([0, 0, 1]), np.array([0, 1, 2]), none, none),
        PlanLevel(2, 1, none, none, np.zeros(2, np.int64), np.arange(2)),
    )
    return NetworkPlan(
        table,
        np.array(["a", "b", "t"]),
        np.array(["gene", "gene", "term"]),
        np.array([0, 0, 1]),
        levels,
        np.array([2]),
    )


def named_edges(plan):
    node, variant = variant_edges(plan)
    below, above = node_edges(plan)
    names = plan.node_name.tolist()
    variants = plan.variants.variant_id.tolist()
    claims = {(names[i], variants[j]) for i, j in zip(node, variant, strict=True)}
    return claims, {(names[i], names[j]) for i, j in zip(below, above, strict=True)}


def test_readers_read_everything_and_the_graph_stays():
    plan = small_plan()
    wider = extend_off_graph(plan)
    claims, edges = named_edges(wider)
    old_claims, old_edges = named_edges(plan)
    readers = [f"{OFF_GRAPH} {k + 1}" for k in range(N_READER)]
    assert claims == old_claims | {(r, f"v{k}") for r in readers for k in range(5)}
    assert edges == old_edges | {(r, OFF_GRAPH) for r in readers}
    assert set(wider.node_name[wider.head_node]) == {"t", OFF_GRAPH}
    assert (wider.node_kind == OFF_GRAPH).sum() == N_READER + 1
    assert has_off_graph(wider)
    assert not has_off_graph(plan)


def test_extended_once_alone():
    wider = extend_off_graph(small_plan())
    with pytest.raises(PlanError, match="already called"):
        extend_off_graph(wider)
    assert assemble_plan(take_apart(wider)).hash == wider.hash
