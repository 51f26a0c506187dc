"""Names of variants and samples; growing blocks; lines and fixed cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.io.genotypes.blocks import BLOCK, GrowingDosage, transpose_blocks
from meristem.io.genotypes.naming import (
    check_samples,
    make_variant_table,
    shorten_allele,
)
from meristem.text.lines import fixed_cells, numbered_lines


def test_missing_and_shared_ids_become_places() -> None:
    table = make_variant_table(
        ["rs1", ".", "", "rs1"],
        ["1", "1", "", "2"],
        [5, 6, 0, 5],
        ["A", "A", "", "C"],
        ["T", "", "", "G"],
        "x",
    )
    expected = ["1:5:A:T", "1:6:A:.", ".:0:.:.", "2:5:C:G"]
    assert table.variant_id.tolist() == expected


def test_equal_variants_are_refused() -> None:
    columns = ([".", "."], ["1", "1"], [5, 5], ["A", "A"], ["C", "C"])
    with pytest.raises(DataError, match=r"x.vcf: variants 1 and 2 have no id") as error:
        make_variant_table(*columns, "x.vcf")
    assert error.value.remedy


def test_an_id_that_is_the_place_of_another_is_refused() -> None:
    columns = (["1:5:A:C", "."], ["9", "1"], [1, 5], ["A", "A"], ["C", "C"])
    with pytest.raises(DataError, match="variants 1 and 2"):
        make_variant_table(*columns, "x.vcf")


def test_distinct_ids_at_one_place_stay() -> None:
    columns = (["a", "b"], ["1", "1"], [5, 5], ["A", "A"], ["C", "C"])
    assert make_variant_table(*columns, "x").variant_id.tolist() == ["a", "b"]


@given(st.text("ACGT", min_size=65, max_size=200), st.text("ACGT", min_size=65))
def test_short_forms_are_short_and_distinct(first: str, second: str) -> None:
    assert len(shorten_allele(first)) <= 64
    assert (shorten_allele(first) == shorten_allele(second)) == (first == second)


@pytest.mark.parametrize("ids", [[], ["a", " "], ["a", "b", "a"]])
def test_unusable_samples(ids: list[str]) -> None:
    with pytest.raises(DataError, match=r"x\.vcf"):
        check_samples(ids, "x.vcf")


@pytest.mark.parametrize("n_variant", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_growing_keeps_every_variant(n_variant: int) -> None:
    rng = np.random.default_rng(n_variant)
    rows = rng.integers(-1, 3, (n_variant, 3), dtype=np.int8)
    growing = GrowingDosage(3)
    for row in rows:
        growing.append(row)
    np.testing.assert_array_equal(growing.finish(), rows.T)
    np.testing.assert_array_equal(transpose_blocks(rows), rows.T)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")))
def test_lines_are_those_of_split(text: str) -> None:
    expected = [
        (number, line)
        for number, line in enumerate(text.split("\n"), start=1)
        if line and not line.isspace()
    ]
    assert list(numbered_lines(text)) == expected


@given(st.lists(st.text("01A,", min_size=1, max_size=3), min_size=1, max_size=6))
def test_fixed_cells_agree_with_split(words: list[str]) -> None:
    text = ",".join(words)
    cells = text.split(",")
    for width in (1, 2):
        found = fixed_cells(text, len(words), width, ",")
        plain = len(cells) == len(words) and all(len(cell) == width for cell in cells)
        assert (found is not None) == plain
        if found is not None:
            assert [bytes(row).decode() for row in found] == cells


def test_cells_that_are_not_ascii_go_the_slow_way() -> None:
    assert fixed_cells("0,é,1", 3, 1, ",") is None
