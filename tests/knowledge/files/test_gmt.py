import pytest

from meristem.knowledge.files.gmt import parse_edges, parse_gmt


def edges(graph):
    names = graph.node_name
    return {
        (str(names[source]), str(names[target])): (str(kind), int(sign))
        for source, target, kind, sign in zip(
            graph.edge_source,
            graph.edge_target,
            graph.edge_kind,
            graph.edge_sign,
            strict=True,
        )
    }


def test_gene_sets(text):
    found = parse_gmt(text("one\tna\tg1\tg2\t\n\ntwo\thttp://x\tg2\tg2\n"))
    assert found.pairs == (("g1", "one"), ("g2", "one"), ("g2", "two"))
    assert found.names == {"g1": ("g1",), "g2": ("g2",)}


@pytest.mark.parametrize("gap", ["\t", " ", "   "])
def test_sif_with_several_targets_and_lone_nodes(text, gap):
    content = gap.join(["a", "pp", "b", "c"]) + "\nlonely\n"
    graph = parse_edges(text(content, "net.sif"))
    assert graph.node_name.tolist() == ["a", "b", "c", "lonely"]
    assert edges(graph) == {("a", "b"): ("pp", 0), ("a", "c"): ("pp", 0)}


def test_names_with_blanks_in_a_tabbed_sif(text):
    graph = parse_edges(text("gene one\tpp\tgene two\n", "net.sif"))
    assert graph.node_name.tolist() == ["gene one", "gene two"]


@pytest.mark.parametrize(
    ("sign", "expected"),
    [("1", 1), ("-1", -1), ("+", 1), ("-", -1), ("", 0), ("0", 0), ("Activation", 1)],
)
def test_signs(text, sign, expected):
    graph = parse_edges(text(f"source,target,kind,sign\na,b,reg,{sign}\n"))
    assert edges(graph) == {("a", "b"): ("reg", expected)}


def test_a_table_without_kind_and_sign(text):
    graph = parse_edges(text("from\tto\na\tb\n", "edges.tsv"))
    assert edges(graph) == {("a", "b"): ("", 0)}
