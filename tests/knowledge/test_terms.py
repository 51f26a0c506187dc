import numpy as np
import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.ontology.annotation import Annotation
from meristem.knowledge.ontology.ontology import make_ontology
from meristem.knowledge.terms import (
    make_set_graph,
    make_term_graph,
    match_annotation,
    to_knowledge_graph,
    unite_terms,
)

BP, MF = "biological_process", "molecular_function"


@pytest.fixture
def ontology(text):
    return make_ontology(
        {"a": BP, "b": BP, "c": BP, "d": MF, "e": BP},
        [("a", "is_a", "b"), ("b", "part_of", "c"), ("d", "part_of", "c")],
        text("", "onto.obo"),
        label={"a": "alpha"},
        alias={"old_a": "a"},
        obsolete=["gone"],
    )


def annotate(text, pairs, names=None):
    named = {name: (name,) for name, _ in pairs}
    return Annotation(
        tuple(pairs), {**named, **(names or {})}, {}, {}, 0, 0, 0, text("")
    )


def first(names):
    return names[0]


def test_terms_by_alias_and_what_does_not_match(text, ontology):
    pairs = [("g1", "old_a"), ("g1", "a"), ("g2", "gone"), ("g2", "d"), ("g3", "zz")]
    found = match_annotation(annotate(text, pairs), ontology, first)
    assert found.pairs == (("g1", "a"), ("g2", "d"))
    assert found.unknown_terms == ("zz",)
    assert found.n_obsolete == 1
    assert found.unknown_genes == ()


def test_genes_the_resolver_does_not_know(text, ontology):
    pairs = [("g1", "a"), ("g2", "a")]
    found = match_annotation(
        annotate(text, pairs),
        ontology,
        lambda names: names[0] if "1" in names[0] else "",
    )
    assert found.pairs == (("g1", "a"),)
    assert found.unknown_genes == ("g2",)


def test_annotated_terms_and_those_above_them(text, ontology):
    annotation = annotate(text, [("g1", "a"), ("g2", "d")])
    found = make_term_graph(
        match_annotation(annotation, ontology, first), annotation, ontology
    )
    assert found.term_id.tolist() == ["a", "b", "c", "d"]  # e is nobody's
    assert found.term_label.tolist() == ["alpha", "b", "c", "d"]
    edges = zip(found.child.tolist(), found.parent.tolist(), strict=True)
    assert set(edges) == {(0, 1), (1, 2), (3, 2)}
    assert found.gene_id.tolist() == ["g1", "g2"]
    assert found.direct.toarray().astype(int).tolist() == [
        [1, 0],
        [0, 0],
        [0, 0],
        [0, 1],
    ]


def test_namespaces_cut_terms_and_edges(text, ontology):
    annotation = annotate(text, [("g1", "a"), ("g2", "d")])
    membership = match_annotation(annotation, ontology, first)
    found = make_term_graph(membership, annotation, ontology, ("BP",))
    assert found.term_id.tolist() == ["a", "b", "c"]
    assert found.gene_id.tolist() == ["g1"]
    other = make_term_graph(membership, annotation, ontology, ("F",))
    assert other.term_id.tolist() == ["d"]


def test_union_and_graph(text, ontology):
    annotation = annotate(text, [("g1", "a")])
    sets = annotate(text, [("g1", "set1"), ("g2", "set1")])
    terms = make_term_graph(
        match_annotation(annotation, ontology, first), annotation, ontology
    )
    both = unite_terms(
        [terms, make_set_graph(match_annotation(sets, None, first), sets)]
    )
    graph = to_knowledge_graph(both)
    kinds = dict(zip(graph.node_name.tolist(), graph.node_kind.tolist(), strict=True))
    assert kinds == {
        "g1": "gene", "g2": "gene", "a": "term", "b": "term", "c": "term", "set1": "set"
    }  # fmt: skip
    names = graph.node_name
    edges = dict(
        zip(
            zip(
                names[graph.edge_source].tolist(),
                names[graph.edge_target].tolist(),
                strict=True,
            ),
            graph.edge_kind.tolist(),
            strict=True,
        )
    )
    assert edges == {
        ("g1", "a"): "annotation",
        ("a", "b"): "is_a",
        ("b", "c"): "part_of",
        ("g1", "set1"): "annotation",
        ("g2", "set1"): "annotation",
    }
    with pytest.raises(KnowledgeError, match="defined in two sources"):
        unite_terms([terms, terms])


def test_a_gene_named_as_a_term_is_refused(text):
    annotation = annotate(text, [("t2", "t1"), ("g", "t2")])
    graph = make_set_graph(match_annotation(annotation, None, first), annotation)
    with pytest.raises(
        KnowledgeError, match="'t2' is the name of a gene and of a term"
    ):
        to_knowledge_graph(graph)
    assert np.array_equal(graph.gene_id, ["g", "t2"])
