import numpy as np
import pytest
from tests import toys

from meristem.errors import DataError
from meristem.prepare.align import make_dataset
from meristem.prepare.id_rules import USUAL
from meristem.records import (
    OmicsTable,
    Phenotypes,
    SampleGroups,
)


def genotypes(names):
    return toys.genotypes(np.zeros((len(names), 3)), names, source="g.vcf")


def phenotypes(names, value=None):
    n = len(names)
    value = np.arange(2.0 * n).reshape(n, 2) if value is None else value
    return Phenotypes(
        np.array(names), np.array(["y", "z"]), np.array(["", ""]), value, value + 1
    )


def omics(names, name="expression"):
    value = np.arange(4.0 * len(names)).reshape(-1, 4)
    features = np.array(["g1", "g2", "g3", "g4"])
    return OmicsTable(name, np.array(names), features, features, value)


def groups(names):
    label = np.array([[f"family of {name}"] for name in names])
    return SampleGroups(np.array(names), np.array(["family"]), label)


LINES = ["L1", "L2", "L3", "L4", "L5"]


def test_rows_follow_the_genotypes_by_name():
    data, report = make_dataset(
        genotypes(LINES),
        phenotypes(["L4", "other", "L1"]),
        [omics(["L5", "L1"]), omics(["L2"], "metabolites")],
        groups(["L3", "L1"]),
    )
    assert data.sample_id.tolist() == LINES
    np.testing.assert_array_equal(
        data.phenotypes.value[:, 0], [4, np.nan, np.nan, 0, np.nan]
    )
    np.testing.assert_array_equal(data.phenotypes.weight[:, 0], [5, 1, 1, 1, 1])
    np.testing.assert_array_equal(
        data.omics[0].value[:, 1], [5, np.nan, np.nan, np.nan, 1]
    )
    assert data.omics[1].name == "metabolites"
    assert data.groups.column("family").tolist() == [
        "family of L1", "", "family of L3", "", "",
    ]  # fmt: skip
    names = [(pair.left, pair.right, pair.matched) for pair in report.pairs]
    assert names == [
        ("genotypes", "phenotypes", 2),
        ("genotypes", "expression", 2),
        ("genotypes", "metabolites", 1),
        ("genotypes", "groups", 2),
        ("phenotypes", "expression", 1),
        ("phenotypes", "metabolites", 0),
    ]


def test_lines_without_any_value_count_as_not_phenotyped():
    value = np.array([[1.0, np.nan], [np.nan, np.nan]])
    _, report = make_dataset(genotypes(LINES), phenotypes(["L1", "L2"], value))
    assert report.pairs[0].matched == 1


def test_no_overlap_names_both_sides_and_the_folding():
    with pytest.raises(DataError) as caught:
        make_dataset(genotypes(["L-1", "L-2"]), phenotypes(["l_1", "x"]))
    assert "genotypes ('L-1', 'L-2') and phenotypes ('l_1', 'x')" in caught.value.what
    assert '1 would match with fold_ids = ["separators", "case"]' in caught.value.remedy


def test_no_overlap_without_a_fold_does_not_promise_one():
    with pytest.raises(DataError) as caught:
        make_dataset(genotypes(LINES), phenotypes(LINES), [omics(["q"])])
    assert "expression ('q')" in caught.value.what
    assert caught.value.remedy == "use the same ids in both"


def test_folding_applies_to_every_table():
    data, report = make_dataset(
        genotypes(LINES),
        phenotypes(["l1", "L2 "]),
        [omics(["l3"])],
        groups([" l4"]),
        fold_ids=USUAL,
    )
    assert np.isfinite(data.phenotypes.value[:2]).all()
    assert np.isfinite(data.omics[0].value[2]).all()
    assert data.groups.column("family")[3] == "family of  l4"
    assert [pair.matched for pair in report.pairs[:3]] == [2, 1, 1]
    assert report.rules == USUAL


def test_two_rows_that_fold_onto_one_sample_are_refused():
    with pytest.raises(DataError, match=r"'l1', 'L1' of the phenotypes all fold onto"):
        make_dataset(genotypes(LINES), phenotypes(["l1", "L1"]), fold_ids=USUAL)


def test_inputs_are_left_as_found():
    table = phenotypes(["l2", "l1"])
    before = table.sample_id.copy()
    make_dataset(genotypes(LINES), table, fold_ids=USUAL)
    np.testing.assert_array_equal(table.sample_id, before)
