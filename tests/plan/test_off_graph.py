"""The part beside the graph: what it reads, and that the graph stays as it was."""

from __future__ import annotations

import pytest
from tests.toys import network_plan

from meristem.errors import PlanError
from meristem.plan.assemble import assemble_plan, node_edges, take_apart, variant_edges
from meristem.plan.off_graph import (
    N_READER,
    OFF_GRAPH,
    extend_off_graph,
    has_off_graph,
)
from meristem.records import NetworkPlan


def small_plan() -> NetworkPlan:
    """Genes a (variants 0, 1) and b (variant 2), t reads both; variants 3, 4 free."""
    return network_plan(
        {"a": (0, 1), "b": (2,)}, {"t": ("a", "b")}, variants=5, heads=["t"]
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
