from __future__ import annotations

import pytest
from tests.toys import variant_table

from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.compile import make_plan
from meristem.plan.learned.curated import above_genes, plan_graph


def knowledge():
    """Genes a to d; t holds a and b, u holds c and d, w holds t and u, h holds w."""
    return make_graph(
        dict.fromkeys("abcd", "gene") | dict.fromkeys("tuwh", "term"),
        ["a", "b", "c", "d", "t", "u", "w", "a"],
        ["t", "t", "u", "u", "w", "w", "h", "c"],
        edge_kind=["annotation"] * 4 + ["is_a"] * 3 + ["regulation"],
        edge_sign=[1, 0, -1, 1, 1, -1, 1, -1],
        node_label={"t": "growth"},
        claims=[(gene, f"v_{gene}") for gene in "abcd"],
    )


def edges(graph):
    name = graph.node_name
    return set(
        zip(
            name[graph.edge_source].tolist(),
            name[graph.edge_target].tolist(),
            strict=True,
        )
    )


def test_all_genes_give_the_graph_without_its_claims():
    graph = above_genes(knowledge(), "abcd")
    assert edges(graph) == edges(knowledge())
    assert graph.claim_node.size == 0
    assert dict(zip(graph.node_name, graph.node_label, strict=True))["t"] == "growth"


def test_other_genes_and_what_only_they_reach_are_left_out():
    graph = above_genes(knowledge(), ["b", "nowhere"])
    assert graph.node_name.tolist() == ["b", "h", "t", "w"]
    assert edges(graph) == {("b", "t"), ("t", "w"), ("w", "h")}


def test_small_terms_are_bridged():
    graph = above_genes(knowledge(), ["a", "b", "d"], min_genes=3)
    # t holds two and u one: their genes go to w directly, with the sign of the path
    assert edges(graph) == {("a", "w"), ("b", "w"), ("d", "w"), ("w", "h")}
    sign = {
        str(graph.node_name[source]): int(sign)
        for source, sign in zip(graph.edge_source, graph.edge_sign, strict=True)
    }
    assert sign == {"a": 1, "b": 0, "d": -1, "w": 1}


def test_edges_between_chosen_genes_stay_and_count_as_genes_below():
    graph = above_genes(knowledge(), ["a", "c"], min_genes=2)
    # u holds c, and through c what a does
    assert edges(graph) == {("a", "c"), ("a", "w"), ("c", "u"), ("u", "w"), ("w", "h")}


def test_genes_unknown_to_knowledge_make_an_empty_graph():
    graph = above_genes(knowledge(), ["x"])
    assert graph.n_node == graph.n_edge == 0


@pytest.mark.parametrize("order", [1, -1])
def test_a_plan_gives_its_graph_back(order):
    table = variant_table([f"v_{gene}" for gene in "abcd"][::order])
    plan = make_plan(Knowledge(knowledge()), table)
    graph = plan_graph(plan)
    assert edges(graph) == edges(knowledge())
    assert graph.trait_parents == ("h",)
    assert make_plan(Knowledge(graph), table).hash == plan.hash
