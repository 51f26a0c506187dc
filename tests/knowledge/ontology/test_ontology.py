import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from meristem.errors import KnowledgeError
from meristem.knowledge.files.edge_table import parse_edge_table
from meristem.knowledge.ontology.ontology import (
    canonical_namespace,
    canonical_relation,
    make_ontology,
    propagate,
    without,
)
from meristem.knowledge.source import read_source


def test_an_edge_table(text):
    ontology = parse_edge_table(
        text(
            "child\tparent\trelation\tontology\n"
            "b\ta\tisa\tBP\nc\tb\tpart of\tBP\nc\ta\tregulates\tBP\nd\ta\tisa\tMF\n"
        )
    )
    assert ontology.term_id.tolist() == ["a", "b", "c", "d"]
    assert ontology.child.tolist() == [1, 2, 3]
    assert ontology.parent.tolist() == [0, 1, 0]
    assert ontology.relation.tolist() == ["is_a", "part_of", "is_a"]
    assert ontology.namespace.tolist() == [
        "",
        "biological_process",
        "biological_process",
        "molecular_function",
    ]


@pytest.mark.parametrize("spelling", ["isa", "is_a", "is a", "IS-A"])
def test_spellings_of_relations(spelling):
    assert canonical_relation(spelling) == "is_a"


@pytest.mark.parametrize(("name", "long"), [("P", "biological_process"), ("x", "x")])
def test_spellings_of_namespaces(name, long):
    assert canonical_namespace(name) == long


def test_a_cycle_through_a_relation_that_does_not_count_is_none(text):
    namespace = {"a": "", "b": ""}
    edges = [("a", "is_a", "b"), ("b", "regulates", "a")]
    assert make_ontology(namespace, edges, text("")).child.size == 1
    with pytest.raises(KnowledgeError, match="a -> b -> a|b -> a -> b"):
        make_ontology(namespace, [*edges, ("b", "part_of", "a")], text(""))


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=12),
)
def test_propagation_equals_walking_to_every_ancestor(pairs, annotated):
    edges = [(low, high) for low, high in pairs if low < high]
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(7))
    expected = np.zeros((7, 5), dtype=bool)
    direct = np.zeros((7, 5), dtype=bool)
    for term, gene in annotated:
        direct[term, gene] = True
        for above in {term, *nx.descendants(graph, term)}:
            expected[above, gene] = True
    child = np.array([edge[0] for edge in edges], dtype=np.int64)
    parent = np.array([edge[1] for edge in edges], dtype=np.int64)
    found = propagate(sparse.csr_matrix(direct), child, parent)
    assert np.array_equal(found.toarray(), expected)
    assert found.nnz == expected.sum()


def test_difference_of_boolean_matrices():
    one = np.array([[1, 1, 0], [0, 1, 1]], dtype=bool)
    other = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
    found = without(sparse.csr_matrix(one), sparse.csr_matrix(other))
    assert np.array_equal(found.toarray(), one & ~other)
    assert found.nnz == 2


def test_the_real_ontology(prior):
    ontology = parse_edge_table(read_source(prior / "go_edges.tsv.gz"))
    # The file's figure, the root `all` above the three namespaces among them
    assert ontology.term_id.size == 43_559
    # 85,716 edges less 8,658 along regulation
    assert ontology.child.size == 77_058
