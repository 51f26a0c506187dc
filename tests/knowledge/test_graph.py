import numpy as np
import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.graph import KnowledgeGraph, make_graph, topological_order

KINDS = {"T": "trait", "A": "hormone", "C": "hormone", "g": "gene"}


def named_edges(graph: KnowledgeGraph) -> list[tuple[str, str]]:
    names = graph.node_name
    return list(
        zip(
            names[graph.edge_source].tolist(),
            names[graph.edge_target].tolist(),
            strict=True,
        )
    )


def test_nodes_are_sorted_and_edges_follow_their_names():
    graph = make_graph(
        KINDS,
        ["g", "A", "C"],
        ["A", "C", "T"],
        edge_kind=["x", "y", "z"],
        edge_sign=[1, -1, 0],
        node_label={"A": "auxin"},
        claims=[("g", "v2"), ("g", "v1")],
    )
    assert graph.node_name.tolist() == ["A", "C", "T", "g"]
    assert graph.node_label.tolist() == ["auxin", "C", "T", "g"]
    assert graph.node_kind.tolist() == ["hormone", "hormone", "trait", "gene"]
    edges = dict(
        zip(
            named_edges(graph),
            zip(graph.edge_kind.tolist(), graph.edge_sign.tolist(), strict=True),
            strict=True,
        )
    )
    assert edges == {("g", "A"): ("x", 1), ("A", "C"): ("y", -1), ("C", "T"): ("z", 0)}
    assert graph.claim_variant.tolist() == ["v1", "v2"]
    assert graph.node_name[graph.claim_node].tolist() == ["g", "g"]


@pytest.mark.parametrize(
    ("signs", "expected"), [([1, 1], 1), ([1, 0], 1), ([0, -1], -1), ([1, -1], 0)]
)
def test_double_edges_are_joined_and_contradicting_signs_cancel(signs, expected):
    graph = make_graph({"a": "n", "b": "n"}, "aa", "bb", edge_sign=signs)
    assert graph.n_edge == 1
    assert graph.edge_sign.tolist() == [expected]


def test_a_cycle_is_named_in_the_direction_of_its_edges():
    with pytest.raises(KnowledgeError, match="cycle: ") as caught:
        make_graph(dict.fromkeys("abcd", "n"), list("abcd"), list("bcab"))
    message = caught.value.what
    assert (
        "a -> b -> c -> a" in message
        or "b -> c -> a -> b" in message
        or ("c -> a -> b -> c" in message)
    )


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [("a", "z", "unknown nodes: z"), ("a", "a", "has an edge to itself")],
)
def test_wrong_edges_are_refused(source, target, expected):
    with pytest.raises(KnowledgeError, match=expected):
        make_graph({"a": "n", "b": "n"}, [source], [target])


def test_trait_parents_have_to_exist():
    graph = make_graph({"a": "n"})
    with pytest.raises(KnowledgeError, match="unknown nodes: z"):
        KnowledgeGraph(**{**graph.__dict__, "trait_parents": ("z",)})


def test_causes_come_before_effects():
    rng = np.random.default_rng(3)
    names = [f"n{number:02d}" for number in rng.permutation(40)]
    pairs = {tuple(sorted(rng.choice(40, 2, replace=False))) for _ in range(90)}
    graph = make_graph(
        dict.fromkeys(names, "n"),
        [names[low] for low, _ in pairs],
        [names[high] for _, high in pairs],
    )
    place = {node: number for number, node in enumerate(topological_order(graph))}
    assert len(place) == 40
    edges = zip(graph.edge_source.tolist(), graph.edge_target.tolist(), strict=True)
    assert all(place[source] < place[target] for source, target in edges)
