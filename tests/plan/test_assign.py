from dataclasses import replace

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.config.stages import AssignConfig, KnowledgeConfig
from meristem.knowledge.build import Knowledge, build_graph
from meristem.knowledge.graph import make_graph
from meristem.plan.assign import assign_by_position, claim_variants, read_assignment
from meristem.records import GeneTable

GENES = GeneTable(
    np.array(["a", "b", "c", "d"]),
    np.array(["chr1", "chr1", "chr2", "chr1"]),
    np.array([100, 150, 100, 120], dtype=np.int64),
    np.array([200, 300, 200, 130], dtype=np.int64),
    np.array(["+", "-", "+", "+"]),
)
VARIANTS = variant_table(
    ["v1", "v2", "v3", "v4", "v5", "v6", "v7"],
    ["1", "1", "1", "2", "1", "", "3"],
    [125, 200, 301, 90, 5000, 150, 150],
)


def slow_pairs(config):
    """Compare every variant with every gene."""
    pairs = []
    for variant in range(VARIANTS.n_variant):
        near = []
        for gene in range(GENES.gene_id.size):
            contig = VARIANTS.variant_contig[variant]
            if not contig or GENES.gene_contig[gene] != f"chr{contig}":
                continue
            base = VARIANTS.variant_position[variant] - 1
            first, last = GENES.gene_start[gene], GENES.gene_end[gene] - 1
            near.append((max(first - base, base - last, 0), gene))
        limit = {"body": 0, "nearest": config.max_distance_bp}
        near = [
            pair
            for pair in near
            if pair[0] <= limit.get(config.method, config.flank_bp)
        ]
        if config.method == "nearest":
            near = [pair for pair in near if pair[0] == min(near)[0]]
        if config.method == "several":
            near = sorted(near)[: config.max_genes]
        pairs += [(variant, gene) for _, gene in near]
    return sorted(pairs)


@pytest.mark.parametrize("method", ["body", "flank", "nearest", "several"])
@pytest.mark.parametrize("flank", [0, 1, 10, 4700, 10_000])
def test_every_method_equals_the_slow_twin(method, flank):
    config = AssignConfig(
        method=method, flank_bp=flank, max_distance_bp=flank, max_genes=2
    )
    variant, gene, match = assign_by_position(VARIANTS, GENES, config)
    assert list(zip(variant.tolist(), gene.tolist(), strict=True)) == slow_pairs(config)
    assert match.unmatched == ("3",)


def test_body_by_hand():
    variant, gene, _ = assign_by_position(VARIANTS, GENES, AssignConfig(method="body"))
    pairs = zip(VARIANTS.variant_id[variant], GENES.gene_id[gene], strict=True)
    assert [(str(one), str(two)) for one, two in pairs] == [
        ("v1", "a"),
        ("v1", "d"),  # d lies within a
        ("v2", "a"),  # position 200 is the last base of a
        ("v2", "b"),
    ]


def test_many_random_genes_on_many_contigs():
    rng = np.random.default_rng(5)
    start = rng.integers(0, 5000, 300)
    genes = GeneTable(
        np.array([f"g{number:03d}" for number in range(300)]),
        rng.choice(["1", "2", "3"], 300),
        start,
        start + rng.integers(1, 900, 300),
        np.full(300, "+"),
    )
    contig = rng.choice(["1", "2", "4"], 170)
    position = rng.integers(1, 6000, 170)
    variants = variant_table(170, contig, position)
    variant, gene, _ = assign_by_position(variants, genes, AssignConfig(flank_bp=50))
    base = position - 1
    near = (genes.gene_start - 50 <= base[:, None]) & (
        base[:, None] < genes.gene_end + 50
    )
    expected = near & (genes.gene_contig == contig[:, None])
    assert expected.sum() > 1000
    assert list(zip(variant.tolist(), gene.tolist(), strict=True)) == list(
        zip(*(axis.tolist() for axis in np.nonzero(expected)), strict=True)
    )


def by_name(claims, variants):
    ids = variants.variant_id[claims.variant].tolist()
    return list(zip(claims.node_name.tolist(), ids, strict=True))


@pytest.fixture
def knowledge():
    graph = make_graph(
        {"a": "gene", "b": "gene", "A": "hormone"},
        ["a"],
        ["A"],
        claims=[("A", "v5"), ("a", "v1"), ("A", "unheard_of")],
    )
    return Knowledge(graph, GENES, {"symbol": "b"})


def test_claims_of_graph_and_positions_are_joined(knowledge):
    claims = claim_variants(knowledge, VARIANTS, AssignConfig(method="body"))
    assert by_name(claims, VARIANTS) == [
        ("A", "v5"),
        ("a", "v1"),
        ("a", "v2"),
        ("b", "v2"),
    ]
    assert claims.counts["claimed_variants_unknown"] == 1
    assert claims.examples["claimed_variants_unknown"] == ("unheard_of",)
    assert claims.counts["variants_without_position"] == 1
    assert claims.counts["contigs_unmatched"] == 1
    assert claims.notes == ("contigs matched after taking off `chr` and leading zeros",)


def test_claims_do_not_depend_on_the_order_of_variants(knowledge):
    order = np.random.default_rng(2).permutation(VARIANTS.n_variant)
    turned = VARIANTS.take(order)
    one = claim_variants(knowledge, VARIANTS, AssignConfig())
    two = claim_variants(knowledge, turned, AssignConfig())
    assert sorted(by_name(one, VARIANTS)) == sorted(by_name(two, turned))


def test_a_table_with_aliases_and_unknown_names(knowledge, tmp_path):
    path = tmp_path / "eqtl.tsv"
    path.write_text(
        "snp\tgene\tbeta\nv7\ta\t1\nv7\ta\t2\nv3\tsymbol\t1\nv9\ta\t1\nv1\tz\t1\n"
    )
    claims = read_assignment(path, VARIANTS, knowledge.graph, knowledge.alias)
    assert by_name(claims, VARIANTS) == [("a", "v7"), ("b", "v3")]
    assert claims.counts == {"table_variants_unknown": 1, "table_genes_unknown": 1}
    assert claims.examples["table_genes_unknown"] == ("z",)
    config = AssignConfig(method="table", table=path)
    joined = claim_variants(knowledge, VARIANTS, config)
    assert ("a", "v1") in by_name(joined, VARIANTS)  # the graph's own claim stays


def test_yeast_numerals_are_noted(data):
    prior = data / "prior_knowledge" / "yeast_gene_positions_R64.tsv.gz"
    config = KnowledgeConfig(genes=prior)
    knowledge = build_graph(config)
    bim = (data / "gp" / "yeast_smith2008" / "genotypes.bim").read_text().split("\n")
    rows = [line.split("\t") for line in bim if line]
    contig, ids, _, position, *_ = zip(*rows, strict=True)
    variants = variant_table(ids, contig, np.array(position, dtype=int))
    claims = claim_variants(knowledge, variants, config.assign)
    assert claims.notes[0].startswith("contigs matched as Roman and Arabic numerals")
    assert "14 = XIV" in claims.notes[0]
    assert np.unique(claims.variant).size == 2820
    chromosome = dict(
        zip(knowledge.genes.gene_id.tolist(), knowledge.genes.gene_contig, strict=True)
    )
    pairs = zip(claims.node_name.tolist(), claims.variant.tolist(), strict=True)
    on_two = [
        gene for gene, variant in pairs if variants.variant_contig[variant] == "2"
    ]
    assert on_two
    assert {str(chromosome[gene]) for gene in on_two} == {"II"}


def test_nearest_is_nearest_of_all_genes(knowledge):
    # v1 lies in a and d; b is its nearest gene of the graph, but not the nearest.
    small = replace(knowledge, graph=make_graph({"b": "gene"}))
    claims = claim_variants(small, VARIANTS, AssignConfig(method="nearest"))
    assert by_name(claims, VARIANTS) == [("b", "v2"), ("b", "v3"), ("b", "v5")]


def test_genes_outside_the_graph_read_nothing(knowledge):
    small = replace(knowledge, graph=make_graph({"b": "gene"}))
    claims = claim_variants(small, VARIANTS, AssignConfig(method="body"))
    assert by_name(claims, VARIANTS) == [("b", "v2")]
