import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.graph import make_graph
from meristem.knowledge.merge import label_nodes, unite


def named_edges(graph):
    names = graph.node_name
    sources, targets = names[graph.edge_source], names[graph.edge_target]
    return set(zip(sources.tolist(), targets.tolist(), strict=True))


ONE = make_graph({"g": "gene", "t": "term"}, ["g"], ["t"], edge_sign=1, source="one")
TWO = make_graph(
    {"g": "node", "t": "term", "h": "gene", "u": "term"},
    ["h", "t", "g"],
    ["t", "u", "t"],
    node_label={"u": "growth"},
    claims=[("h", "v1")],
    source="two",
)


@pytest.mark.parametrize("graphs", [[ONE, TWO], [TWO, ONE]])
def test_union_is_by_name_whatever_the_order(graphs):
    both = unite(graphs)
    assert both.node_name.tolist() == ["g", "h", "t", "u"]
    assert both.node_kind.tolist() == ["gene", "gene", "term", "term"]
    assert both.node_label.tolist() == ["g", "h", "t", "growth"]
    assert named_edges(both) == {("g", "t"), ("h", "t"), ("t", "u")}
    assert both.claim_variant.tolist() == ["v1"]
    assert both.node_name[both.claim_node].tolist() == ["h"]


def test_kinds_that_differ_are_refused():
    other = make_graph({"t": "metabolite"}, source="other")
    with pytest.raises(KnowledgeError, match="'t' is a term in one source"):
        unite([ONE, other])


def test_labels_are_given_by_name():
    assert label_nodes(TWO, {"t": "stress"}).node_label.tolist() == [
        "g",
        "h",
        "stress",
        "growth",
    ]
