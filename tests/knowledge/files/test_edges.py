import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.files.edges import parse_edges


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


@pytest.mark.parametrize("gap", ["\t", " ", "   "])
def test_sif_with_several_targets_and_lone_nodes(text, gap):
    content = gap.join(["a", "pp", "b", "c"]) + "\nlonely\n"
    graph = parse_edges(text(content, "net.sif")).graph()
    assert graph.node_name.tolist() == ["a", "b", "c", "lonely"]
    assert edges(graph) == {("a", "b"): ("pp", 0), ("a", "c"): ("pp", 0)}


def test_names_with_blanks_in_a_tabbed_sif(text):
    graph = parse_edges(text("gene one\tpp\tgene two\n", "net.sif")).graph()
    assert graph.node_name.tolist() == ["gene one", "gene two"]


@pytest.mark.parametrize(
    ("sign", "expected"),
    [("1", 1), ("-1", -1), ("+", 1), ("-", -1), ("", 0), ("0", 0), ("Activation", 1)],
)
def test_signs(text, sign, expected):
    graph = parse_edges(text(f"source,target,kind,sign\na,b,reg,{sign}\n")).graph()
    assert edges(graph) == {("a", "b"): ("reg", expected)}


def test_a_table_without_kind_and_sign(text):
    graph = parse_edges(text("from\tto\na\tb\n", "edges.tsv")).graph()
    assert edges(graph) == {("a", "b"): ("", 0)}


def test_weights_of_one_are_signs_and_others_are_refused_or_reduced(text):
    plain = parse_edges(text("source,target,weight\na,b,1\na,c,-1.0\nb,c,\n"))
    assert plain.sign == (1, -1, 0)
    weighed = text("tf,target,weight\na,b,.7\na,c,-2\n", "net.txt")
    with pytest.raises(KnowledgeError, match="line 2: has the weight .7") as caught:
        parse_edges(weighed)
    assert 'knowledge.edge_weights = "sign"' in caught.value.remedy
    assert parse_edges(weighed, "sign").sign == (1, -1)
    with pytest.raises(KnowledgeError, match="line 2: weight 'x' is not a number"):
        parse_edges(text("source,target,weight\na,b,x\n"))


def test_mode_of_regulation_and_relations_of_a_sif_are_signs(text):
    assert parse_edges(text("tf,target,mor\na,b,-1\n")).sign == (-1,)
    assert parse_edges(text("a activates b\nb inhibits c\n", "n.sif")).sign == (1, -1)


def test_a_table_of_weights_is_no_sif(text):
    table = "regulatoryGene targetGene weight\na b .3\nb c 1.2e-3\n"
    with pytest.raises(KnowledgeError, match="line 3: '1.2e-3' is a number"):
        parse_edges(text(table, "net.txt"))
    entrez = parse_edges(text("101 pp 102\n103 pp 104\n", "net.txt"))
    assert entrez.effect == ("102", "104")


def test_effects_in_words_are_signs(text):
    table = "source,target,effect\na,b,inhibits\nb,c,activates\n"
    assert edges(parse_edges(text(table)).graph()) == {
        ("a", "b"): ("", -1),
        ("b", "c"): ("", 1),
    }
