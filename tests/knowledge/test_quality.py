import json

import numpy as np
import pytest

from meristem.knowledge.build import Knowledge
from meristem.knowledge.claims import Claims
from meristem.knowledge.graph import make_graph
from meristem.knowledge.quality import measure_quality
from meristem.knowledge.reading import KnowledgeSource
from meristem.records import GeneTable


@pytest.fixture
def knowledge():
    graph = make_graph(
        {
            **dict.fromkeys(["g1", "g2", "g3", "g4"], "gene"),
            **dict.fromkeys(["t1", "t2", "t3"], "term"),
            "m": "metabolite",
        },
        ["g1", "g2", "t1", "g3", "g1", "g2", "t2"],
        ["t1", "t1", "t2", "t2", "t3", "t3", "m"],
        edge_kind=["annotation"] * 6 + [""],
        node_label={"t1": "growth", "t3": "stress"},
    )
    genes = GeneTable(
        np.array(["g1", "g3", "g9"]),
        np.array(["1", "1", "1"]),
        np.array([0, 5, 9]),
        np.array([4, 8, 12]),
        np.array(["+", "+", "+"]),
    )
    return Knowledge(
        graph,
        genes,
        sources=(KnowledgeSource("genes", "genes.csv", "ab12", 40),),
        counts={"terms_too_small": 3},
        unknown_genes=("x1", "x2"),
        unknown_terms=("T:9",),
    )


def test_counts_are_those_of_the_graph(knowledge):
    quality = measure_quality(knowledge)
    assert (quality.n_node, quality.n_edge) == (8, 7)
    assert quality.nodes_by_kind == {"gene": 4, "metabolite": 1, "term": 3}
    assert quality.edges_by_kind == {"": 1, "annotation": 6}
    assert quality.depth == 4
    assert quality.nodes_by_level == (4, 2, 1, 1)
    assert quality.n_read_by_trait == 3  # g4, t3, m
    assert quality.genes.n_gene == 4
    assert quality.genes.n_with_position == 2
    assert quality.genes.n_in_term == 3
    assert quality.genes.orphans == ("g4",)
    assert quality.genes.unknown == ("x1", "x2")
    assert quality.genes.n_with_variant is None
    assert quality.variants is None


def test_terms_follow_the_true_path_rule(knowledge):
    terms = measure_quality(knowledge).terms
    # t1: g1 g2; t2: g1 g2 g3; t3: g1 g2
    assert (terms.n_term, terms.size.minimum, terms.size.maximum) == (3, 2, 3)
    assert terms.size.mean == pytest.approx(7 / 3, abs=1e-3)
    assert terms.size_histogram == {"2-4": 3}
    assert terms.terms_per_gene.maximum == 3
    assert terms.direct_terms_per_gene.maximum == 2
    assert terms.n_similar_pair == 3
    assert terms.similar_pairs[0] == ("growth", "stress", 1.0)
    assert terms.redundancy == 1.0


def test_variants_are_covered_as_claimed(knowledge):
    claims = Claims(
        5,
        np.array(["g1", "g1", "g3"]),
        np.array([0, 2, 2]),
        ("a note",),
        {"contigs_unmatched": 1},
        {"contigs_unmatched": ("9",), "none": ()},
    )
    quality = measure_quality(knowledge, claims)
    assert quality.genes.n_with_variant == 2
    assert quality.variants is not None
    assert (quality.variants.n_variant, quality.variants.n_claimed) == (5, 2)
    assert quality.variants.share_claimed == 0.4
    assert quality.variants.variants_per_node.maximum == 2
    assert quality.variants.nodes_per_variant.mean == 1.5
    assert quality.variants.examples == {"contigs_unmatched": ("9",)}


def test_it_is_json(knowledge):
    written = json.loads(json.dumps(measure_quality(knowledge).to_json()))
    assert written["left_out"] == {"terms_too_small": 3}
    assert written["sources"][0]["sha256"] == "ab12"
    assert written["terms"]["similar_pairs"][0] == ["growth", "stress", 1.0]


def test_a_graph_without_terms_or_edges():
    quality = measure_quality(Knowledge(make_graph({"a": "gene"})))
    assert quality.terms.n_term == 0
    assert quality.terms.size.maximum == 0
    assert quality.genes.n_orphan == 1
    json.dumps(quality.to_json())


def test_claims_default_to_no_remarks():
    claims = Claims(1, np.array(["a"]), np.array([0]))
    assert (claims.notes, dict(claims.counts), dict(claims.examples)) == ((), {}, {})
