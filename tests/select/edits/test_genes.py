"""Candidate genes: variants by place, shares that add up, haplotypes and carriers."""

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.records import GeneTable
from meristem.select.edits.genes import (
    GeneEvidence,
    Region,
    gene_shares,
    gene_table,
    gene_variants,
)

GENES = GeneTable(
    np.array(["a", "b", "c", "d"]),
    np.array(["chr1", "chr1", "chr2", "chr3"]),
    np.array([99, 499, 0, 0]),
    np.array([200, 600, 1000, 10]),
    np.array(["+", "-", ".", "."]),
)
VARIANTS = variant_table(
    [f"v{k}" for k in range(7)],
    contig=["1", "1", "1", "2", "1", "2", ""],
    position=[100, 200, 201, 5, 610, 2000, 0],
)


def test_variants_of_genes() -> None:
    found = gene_variants(GENES, VARIANTS, 0)
    assert [x.tolist() for x in found] == [[0, 1], [], [3], []]
    wide = gene_variants(GENES, VARIANTS, 10)
    assert [x.tolist() for x in wide] == [[0, 1, 2], [4], [3], []]


def test_shares_add_up_and_have_a_null() -> None:
    rng = np.random.default_rng(3)
    x = 2.0 * rng.integers(0, 2, (60, 8))
    effect = np.array([3.0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1])
    sets = [np.array([0]), np.arange(1, 4), np.arange(4, 8)]
    share, null = gene_shares(
        lambda rows: x[:, rows], effect, sets, np.random.default_rng(1)
    )
    assert share.sum() == pytest.approx(1)
    assert share[0] > null[0] > 0
    assert null[1] == share[1] == 0


def test_the_table() -> None:
    rng = np.random.default_rng(4)
    x = 2.0 * rng.integers(0, 2, (20, 7))
    effect = np.array([1.0, -1.0, 0.5, 2.0, 0.3, 0, 0])
    value = x @ effect
    score = np.array([0.2, 0.7, 5.0, np.nan, 1.0, 1.0, 1.0])
    evidence = GeneEvidence(
        effect,
        np.linspace(0, 0.6, 7),
        value,
        4,
        (Region("qtl1", "1", 150, 160),),
        score,
    )
    sets = gene_variants(GENES, VARIANTS, 0)
    table = gene_table(GENES, sets, VARIANTS, lambda rows: x[:, rows], evidence, rng)
    assert set(table["gene"]) == {"a", "c"}
    row = table.set_index("gene").loc["a"]
    assert (row["start"], row["end"], row["n_variant"]) == (100, 200, 2)
    assert row["known_qtl"] == "qtl1"
    assert row["favourable_haplotype"] == "20"
    assert row["frequency"] == pytest.approx(((x[:, 0] == 2) & (x[:, 1] == 0)).mean())
    assert row["p_causal"] == pytest.approx(0.1)
    assert (row["variant_score"], row["scored_variant"]) == (0.7, "v1")
    assert np.isnan(table.set_index("gene").loc["c"]["variant_score"])
