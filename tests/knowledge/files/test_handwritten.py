from meristem.knowledge.files.handwritten import parse_toml_graph

SHOOT = """
name = "shoot branching"
trait_parents = ["I"]
[[nodes]]
name = "QTL_A"
kind = "gene"
variants = ["qtl_1", "qtl_7"]
[[nodes]]
name = "A"
kind = "hormone"
label = "auxin"
[[nodes]]
name = "I"
[[edges]]
source = "QTL_A"
target = "A"
[[edges]]
source = "A"
target = "I"
sign = -1
kind = "regulation"
"""


def test_a_hand_written_graph(text):
    graph = parse_toml_graph(text(SHOOT))
    assert graph.node_name.tolist() == ["A", "I", "QTL_A"]
    assert graph.node_kind.tolist() == ["hormone", "node", "gene"]
    assert graph.node_label.tolist() == ["auxin", "I", "QTL_A"]
    assert graph.edge_sign.tolist() == [-1, 0]
    assert graph.edge_kind.tolist() == ["regulation", ""]
    assert graph.claim_variant.tolist() == ["qtl_1", "qtl_7"]
    assert graph.node_name[graph.claim_node].tolist() == ["QTL_A", "QTL_A"]
    assert graph.trait_parents == ("I",)


def test_edges_are_optional(text):
    graph = parse_toml_graph(text('[[nodes]]\nname = "a"\n'))
    assert (graph.n_node, graph.n_edge, graph.trait_parents) == (1, 0, ())
