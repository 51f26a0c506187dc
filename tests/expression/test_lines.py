import numpy as np
import pytest

from meristem.errors import DataError
from meristem.expression.lines import ExpressionLines, cis_variants
from meristem.mixed.groups import gather
from meristem.records import GeneTable, Genotypes, VariantTable


def _variants(contig, position):
    n = len(position)
    text = np.array([""] * n)
    ids = np.array([f"v{i}" for i in range(n)])
    return VariantTable(ids, np.array(contig), np.array(position), text, text)


def _genes():
    return GeneTable(
        np.array(["a", "b", "c"]),
        np.array(["chr1", "chr1", "chr2"]),
        np.array([100, 300, 0]),
        np.array([200, 400, 50]),
        np.array(["+", "-", "."]),
    )


def test_distance_counts_from_the_start_along_the_strand() -> None:
    table = _variants(["1"] * 5 + ["2"], [91, 111, 112, 390, 420, 55])
    cis, contig = cis_variants(table, _genes(), ["b", "x", "a", "c"], 10)
    assert cis.of(0).tolist() == [3]  # b starts at its last base, 399
    assert cis.of(1).tolist() == []
    assert cis.of(2).tolist() == [0, 1]
    assert cis.of(3).tolist() == [5]  # no strand: from the nearest base
    assert contig.tolist() == ["chr1", "", "chr1", "chr2"]


def test_files_that_do_not_meet_are_refused() -> None:
    table = _variants(["1"], [150])
    with pytest.raises(DataError, match="names none of the 1 genes"):
        cis_variants(table, _genes(), ["z"], 10)
    with pytest.raises(DataError, match="no variant lies within 10 bp"):
        cis_variants(_variants(["7"], [150]), _genes(), ["a"], 10)


def test_genes_and_lines_are_taken_together() -> None:
    n, genes = 4, 3
    value = np.arange(12.0).reshape(n, genes)
    value[2] = np.nan
    table = _variants(["1", "1"], [5, 9])
    lines = ExpressionLines(
        Genotypes(np.array(list("wxyz")), table, np.zeros((n, 2), np.int8)),
        np.array(["a", "b", "c"]),
        value,
        gather(["a", "b", "c"], [np.array([0]), np.array([], int), np.array([0, 1])]),
        np.array(["1", "1", "2"]),
        features=tuple(np.full((n, k), float(k)) for k in range(genes)),
        published=value.copy(),
    )
    assert lines.measured.tolist() == [True, True, False, True]
    part = lines.take(np.array([3, 0])).take_genes(np.array([2, 0]))
    assert part.value.tolist() == [[11.0, 9.0], [2.0, 0.0]]
    assert part.cis.of(0).tolist() == [0, 1]
    assert part.features[0].shape == (2, 2)
    assert part.published.tolist() == part.value.tolist()
    assert part.contig.tolist() == ["2", "1"]
