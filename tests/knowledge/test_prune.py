from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from meristem.config.stages import PruneConfig
from meristem.errors import KnowledgeError
from meristem.knowledge.prune import keep_terms, prune_terms, similar_pairs
from meristem.knowledge.terms import TermGraph


def make(n_term, n_gene, own, edges):
    """Terms t0.., genes g0..; edges from a lower to a higher number."""
    direct = np.zeros((n_term, n_gene), dtype=bool)
    for term, gene in own:
        direct[term, gene] = True
    ends = np.array(sorted(set(edges)), dtype=np.int64).reshape(-1, 2)
    terms = np.array([f"t{number}" for number in range(n_term)])
    return TermGraph(
        terms,
        np.full(n_term, "term"),
        terms,
        np.array([f"g{number}" for number in range(n_gene)]),
        sparse.csr_matrix(direct),
        ends[:, 0],
        ends[:, 1],
        np.full(len(ends), "is_a"),
    )


def as_networkx(terms):
    """Return the graph gene -> term -> wider term, by name."""
    graph = nx.DiGraph()
    graph.add_nodes_from([*terms.term_id.tolist(), *terms.gene_id.tolist()])
    for row, col in zip(*terms.direct.nonzero(), strict=True):
        graph.add_edge(str(terms.gene_id[col]), str(terms.term_id[row]))
    for child, parent in zip(terms.child, terms.parent, strict=True):
        graph.add_edge(str(terms.term_id[child]), str(terms.term_id[parent]))
    return graph


def slow_keep(graph, removed):
    """Remove nodes one by one, joining what they joined; then reduce."""
    graph = graph.copy()
    for node in removed:
        ends = [
            (below, above)
            for below in graph.predecessors(node)
            for above in graph.successors(node)
        ]
        graph.remove_node(node)
        graph.add_edges_from(ends)
    return nx.transitive_reduction(graph)


few = settings(max_examples=40)
ONTOLOGIES = {
    "own": st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=14),
    "edges": st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14),
    "keep": st.lists(st.booleans(), min_size=8, max_size=8),
}


@few
@given(**ONTOLOGIES)
def test_removed_terms_hand_their_children_to_the_nearest_kept(own, edges, keep):
    terms = make(8, 6, own, [(low, high) for low, high in edges if low < high])
    kept = keep_terms(terms, np.array(keep))
    removed = [f"t{number}" for number in range(8) if not keep[number]]
    expected = slow_keep(as_networkx(terms), removed)
    assert set(as_networkx(kept).edges) == set(expected.edges)


@few
@given(**ONTOLOGIES)
def test_who_is_under_a_kept_term_stays_under_it(own, edges, keep):
    terms = make(8, 6, own, [(low, high) for low, high in edges if low < high])
    before = as_networkx(terms)
    after = as_networkx(keep_terms(terms, np.array(keep)))
    for number in np.flatnonzero(keep):
        genes = {node for node in nx.ancestors(before, f"t{number}") if node[0] == "g"}
        now = {node for node in nx.ancestors(after, f"t{number}") if node[0] == "g"}
        assert genes == now


def slow_jaccard(member):
    n_term = len(member)
    return {
        (one, other): (member[one] & member[other]).sum()
        / (member[one] | member[other]).sum()
        for one in range(n_term)
        for other in range(one + 1, n_term)
        if (member[one] | member[other]).any()
    }


@given(st.integers(1, 9), st.integers(1, 7), st.integers(0, 2**31))
def test_similar_pairs_equal_the_slow_twin(n_term, n_gene, seed):
    member = np.random.default_rng(seed).random((n_term, n_gene)) < 0.5
    one, other, jaccard = similar_pairs(sparse.csr_matrix(member), 0.3)
    found = dict(
        zip(zip(one.tolist(), other.tolist(), strict=True), jaccard, strict=True)
    )
    slow = {pair: value for pair, value in slow_jaccard(member).items() if value > 0.3}
    assert found.keys() == slow.keys()
    assert all(found[pair] == pytest.approx(slow[pair]) for pair in slow)


def test_many_terms_are_compared_with_all_others():
    member = np.random.default_rng(1).random((2030, 31)) < 0.12
    one, other, jaccard = similar_pairs(sparse.csr_matrix(member), 0.5)
    count = member.astype(float)
    both = count @ count.T
    size = count.sum(axis=1)
    share = both / np.maximum(size[:, None] + size - both, 1)
    first, second = np.nonzero(np.triu(share > 0.5, 1))
    found = np.lexsort((other, one))
    assert np.array_equal(one[found], first)
    assert np.array_equal(other[found], second)
    assert jaccard[found] == pytest.approx(share[first, second])


def test_terms_go_by_size_then_by_redundancy():
    # t0 small, t1 and t2 hold the same genes, t3 one more, t4 everything.
    own = [(0, 0), *((1, gene) for gene in range(4)), (3, 4), (4, 5), (4, 6), (4, 7)]
    terms = make(5, 8, own, [(0, 1), (1, 2), (2, 3), (3, 4)])
    limits = PruneConfig(min_genes=2, max_genes=7, max_jaccard=0.9)
    kept, counts = prune_terms(terms, limits)
    assert kept.term_id.tolist() == ["t1", "t3"]
    assert (counts.n_before, counts.n_small, counts.n_large) == (5, 1, 1)
    assert (counts.n_redundant, counts.n_kept) == (1, 2)
    graph = as_networkx(kept)
    assert set(graph.predecessors("t1")) == {"g0", "g1", "g2", "g3"}
    assert set(graph.predecessors("t3")) == {"t1", "g4"}
    assert kept.relation.tolist() == ["collapsed"]
    # genes under t4 alone stand under no term any more, but are not lost
    assert kept.gene_id.size == 8


def test_of_equal_terms_the_most_specific_stays():
    terms = make(3, 4, [(2, gene) for gene in range(4)], [])
    turned = replace(terms, child=np.array([2, 1]), parent=np.array([1, 0]))
    kept, counts = prune_terms(
        replace(turned, relation=np.full(2, "is_a")), PruneConfig(min_genes=1)
    )
    assert kept.term_id.tolist() == ["t2"]
    assert counts.n_redundant == 2


def test_the_larger_of_two_similar_terms_stays():
    own = [(0, gene) for gene in range(9)]
    terms = make(2, 10, [*own, (1, 9)], [(0, 1)])
    kept, _ = prune_terms(terms, PruneConfig(min_genes=1, max_jaccard=0.85))
    assert kept.term_id.tolist() == ["t1"]
    assert kept.direct.toarray().all()
    everything, _ = prune_terms(terms, PruneConfig(min_genes=1, max_jaccard=1.0))
    assert everything.term_id.tolist() == ["t0", "t1"]


@few
@given(**{name: ONTOLOGIES[name] for name in ("own", "edges")})
def test_no_two_kept_terms_are_too_similar(own, edges):
    assume(own)
    terms = make(8, 6, own, [(low, high) for low, high in edges if low < high])
    kept, counts = prune_terms(terms, PruneConfig(min_genes=1, max_jaccard=0.6))
    graph = as_networkx(kept)
    genes = [
        {node for node in nx.ancestors(graph, term) if node[0] == "g"}
        for term in kept.term_id.tolist()
    ]
    for one in range(len(genes)):
        for other in range(one):
            both = genes[one] | genes[other]
            assert len(genes[one] & genes[other]) / len(both) <= 0.6
    assert counts.n_kept == kept.term_id.size >= 1


def test_limits_that_leave_nothing_are_refused():
    terms = make(2, 3, [(0, 0), (1, 1), (1, 2)], [])
    with pytest.raises(
        KnowledgeError, match=r"between 3 and 2000 genes \(sizes run from 1"
    ):
        prune_terms(terms, PruneConfig(min_genes=3))
