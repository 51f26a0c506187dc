from __future__ import annotations

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.knowledge.graph import make_graph
from meristem.plan.learned.cis import cis_pairs
from meristem.records import GeneTable


def variants(position, contig="1"):
    return variant_table(len(position), contig, position)


def gene_table(rows):
    name, contig, start, end = zip(*rows, strict=True)
    return GeneTable(
        np.array(name),
        np.array(contig),
        np.array(start),
        np.array(end),
        np.full(len(name), "+"),
    )


def slow_pairs(names, table, window, rows):
    pairs = []
    for number, name in enumerate(names):
        for gene, contig, start, end in rows:
            if gene != name:
                continue
            for v, (where, position) in enumerate(
                zip(table.variant_contig, table.variant_position - 1, strict=True)
            ):
                distance = max(start - position, position - end + 1, 0)
                if where == contig and distance <= window:
                    pairs.append((number, distance, v))
    return sorted(pairs)


def test_windows_equal_a_double_loop():
    rng = np.random.default_rng(2)
    table = variants(rng.integers(1, 500, 60), rng.choice(["1", "2"], 60))
    rows = [
        (f"g{k}", str(1 + k % 2), start, start + 20)
        for k, start in enumerate(rng.integers(0, 480, 11).tolist())
    ]
    names = np.array(["g3", "unknown", "g0", "g7", "g10"])
    pairs, distance = cis_pairs(names, table, 35, genes=gene_table(rows))
    expected = slow_pairs(names, table, 35, rows)
    assert pairs.feature.tolist() == [row[0] for row in expected]
    assert distance.tolist() == [row[1] for row in expected]
    assert pairs.variant.tolist() == [row[2] for row in expected]


def test_contigs_are_matched_by_meaning():
    pairs, _ = cis_pairs(
        np.array(["g"]), variants([5]), 10, genes=gene_table([("g", "chr01", 0, 9)])
    )
    assert pairs.variant.tolist() == [0]


def test_claims_are_ranked_from_their_middle():
    graph = make_graph(
        {"g": "gene", "other": "gene"},
        claims=[("g", f"v{k}") for k in (1, 2, 3, 4, 5)] + [("other", "v0")],
    )
    pairs, distance = cis_pairs(
        np.array(["x", "g"]), variants(range(7)), 0, graph=graph
    )
    assert pairs.feature.tolist() == [1] * 5
    assert pairs.variant.tolist() == [3, 2, 4, 1, 5]
    assert distance.tolist() == [0, 1, 1, 2, 2]


def test_a_pair_known_twice_is_one_pair():
    graph = make_graph({"g": "gene"}, claims=[("g", "v0"), ("g", "v2"), ("g", "gone")])
    pairs, distance = cis_pairs(
        np.array(["g"]),
        variants([100, 105, 900]),
        10,
        genes=gene_table([("g", "1", 104, 110)]),
        graph=graph,
    )
    assert pairs.variant.tolist() == [1, 2, 0]
    assert distance.tolist() == pytest.approx([0, 0.5, 5])


def test_nothing_known_is_no_pair():
    pairs, distance = cis_pairs(np.array(["g"]), variants([1]), 10)
    assert pairs.feature.size == pairs.variant.size == distance.size == 0
    pairs, _ = cis_pairs(
        np.array(["g"]), variants([1]), 10, genes=gene_table([("h", "1", 0, 2)])
    )
    assert pairs.feature.size == 0
