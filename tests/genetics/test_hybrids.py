"""Hybrids carry half of each parent; what is not sure is missing."""

from __future__ import annotations

import numpy as np
import pytest
from tests.toys import genotypes

from meristem.errors import DataError
from meristem.genetics.hybrids import cross_omics, cross_parents
from meristem.records import Genotypes, OmicsTable


def lines(dosage: list[list[int]], ploidy: int = 2) -> Genotypes:
    return genotypes(dosage, list("ABCDEFGH")[: len(dosage)], ploidy=ploidy)


def cross(parents: Genotypes, *pairs: str) -> Genotypes:
    first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    return cross_parents(parents, np.array(pairs), first, second)


def test_values_by_hand() -> None:
    parents = lines([[0, 2, 0, -1, 0, 1], [2, 2, 0, 2, -1, 0], [0, 0, 2, 2, 2, 2]])
    parents = parents.take_variants(np.array([0, 1, 2, 3, 4]))
    found = cross(parents, "AB", "BC", "CA", "AA")
    assert found.call_dosage.tolist() == [
        [1, 2, 0, -1, -1],
        [1, 1, 1, 2, -1],
        [0, 1, 1, -1, 1],
        [0, 2, 0, -1, 0],
    ]
    assert found.sample_id.tolist() == ["AB", "BC", "CA", "AA"]
    assert found.ploidy == 2


def test_the_order_of_parents_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    parents = lines((rng.integers(0, 2, (4, 30)) * 2).tolist())
    there, back = cross(parents, "AC", "DB"), cross(parents, "CA", "BD")
    np.testing.assert_array_equal(there.call_dosage, back.call_dosage)


def test_a_heterozygous_call_of_a_parent_is_missing_in_the_hybrid() -> None:
    parents = lines([[1, 0, 0, 0, 0, 2], [2, 2, 0, 0, 2, 2]])
    assert cross(parents, "AB").call_dosage.tolist() == [[-1, 1, 0, 0, 1, 2]]


def test_haploid_codes_make_diploid_hybrids() -> None:
    found = cross(lines([[0, 1, 1, -1], [0, 0, 1, 1]], ploidy=1), "AB")
    assert found.call_dosage.tolist() == [[0, 1, 2, -1]]
    assert found.ploidy == 2


def test_tetraploid_lines() -> None:
    found = cross(lines([[0, 4, 4], [0, 0, 4]], ploidy=4), "AB")
    assert found.call_dosage.tolist() == [[0, 2, 4]]
    assert found.ploidy == 4


def test_unknown_parents_are_named_with_a_hybrid() -> None:
    with pytest.raises(DataError, match=r"1 parents .* X \(of hybrid AX\)") as error:
        cross(lines([[0, 2], [2, 0]]), "AB", "AX")
    assert error.value.remedy


def test_a_parent_that_is_no_inbred_line_is_refused() -> None:
    parents = lines([[1, 1, 0, 0], [2, 2, 0, 0], [0, 0, 0, 0]])
    with pytest.raises(DataError, match="50% of the calls of parent A"):
        cross(parents, "AB")
    assert cross(parents, "BC").n_sample == 1  # A is not crossed: it may be anything


def test_odd_ploidy_is_refused() -> None:
    with pytest.raises(DataError, match="ploidy 3"):
        cross(lines([[0, 3], [3, 0]], ploidy=3), "AB")


def omics(sample_id: str, value: list[list[float]]) -> OmicsTable:
    feature = np.array([f"g{k}" for k in range(len(value[0]))])
    return OmicsTable(
        "expression", np.array(list(sample_id)), feature, feature, np.array(value)
    )


def crossed(table: OmicsTable, *pairs: str) -> OmicsTable:
    first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    return cross_omics(table, np.array(pairs), first, second)


def test_a_hybrid_has_the_mean_of_its_parents() -> None:
    parents = omics("ABC", [[1.0, 2.0, 5.0], [3.0, np.nan, 5.0], [0.0, 4.0, 6.0]])
    found = crossed(parents, "AB", "CA", "XA")
    assert found.sample_id.tolist() == ["AB", "CA"]  # X was not measured
    np.testing.assert_array_equal(found.value, [[2.0, np.nan, 5.0], [0.5, 3.0, 5.5]])


def test_what_was_measured_on_a_hybrid_stays() -> None:
    table = omics("ABH", [[1.0], [3.0], [9.0]])
    names, one, two = np.array([["H", "A", "B"], ["A", "A", "B"], ["B", "A", "A"]])
    found = cross_omics(table, names, one, two)
    assert dict(zip(found.sample_id, found.value[:, 0], strict=True)) == {
        "A": 1.0,
        "B": 3.0,
        "H": 9.0,
    }


def test_a_table_without_parents_is_left_alone() -> None:
    table = omics("XY", [[1.0], [3.0]])
    assert crossed(table, "AB") is table


def test_parents_that_make_no_hybrid_are_refused() -> None:
    with pytest.raises(DataError, match="expression is measured on parents, but on"):
        crossed(omics("AC", [[1.0], [3.0]]), "AB", "CD")
