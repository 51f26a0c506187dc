import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.prepare.reconcile import (
    Reconciliation,
    compare_ids,
    fold_observations,
    fold_onto,
)
from meristem.records import Observations

LEFT = np.array(["B73", "Mo17", "W22", "Oh_43", "CML-247", "ki3", "lonely"])
RIGHT = np.array(["B73", " Mo17", "w22", "Oh-43", "cml_247", "Ki3 ", "ghost", "B 73"])


def report():
    return compare_ids(LEFT, RIGHT, ("genotypes", "phenotypes"))


def test_counts_of_every_kind():
    pair = report()
    assert pair.matched == 1
    assert pair.dropped_left == ("Mo17", "W22", "Oh_43", "CML-247", "ki3", "lonely")
    assert len(pair.dropped_right) == 7
    assert set(pair.near) == {
        ("Mo17", " Mo17"),
        ("W22", "w22"),
        ("ki3", "Ki3 "),
        ("Oh_43", "Oh-43"),
        ("CML-247", "cml_247"),
    }
    assert pair.rules == ("trim", "separators", "case")


def test_plain_form_is_json_and_complete():
    plain = Reconciliation((report(),), rules=()).to_json()
    assert json.loads(json.dumps(plain)) == plain
    (pair,) = plain
    assert pair["left"] == "genotypes"
    alone = {"trim": 1, "separators": 1, "case": 1, "blanks": 1}
    assert alone.items() <= pair["would_match"].items()
    assert pair["would_match_together"] == 5
    assert pair["examples"]["dropped_left"][:2] == ["Mo17", "W22"]
    assert pair["folded"] is False


def test_words_for_people():
    found = Reconciliation((report(),))
    (line,) = found.lines()
    assert line.startswith(
        "genotypes and phenotypes: 1 matched, 6 and 7 without partner; 5 would match "
        'with fold_ids = ["trim", "separators", "case"] (\'Mo17\' and \' Mo17\')'
    )
    assert "each rule alone: trim 1," in line
    offer, *losses = found.hints()
    assert 'fold_ids = ["trim", "separators", "case"]' in offer
    assert losses == [
        "6 of 7 ids of the genotypes (86%) are not in the phenotypes: 'Mo17', 'W22', "
        "'Oh_43', 'CML-247', 'ki3'",
        "7 of 8 ids of the phenotypes (88%) are not in the genotypes: ' Mo17', 'w22', "
        "'Oh-43', 'cml_247', 'Ki3 '",
    ]


def test_a_loss_of_five_percent_is_not_worth_a_line():
    names = np.array([f"L{i}" for i in range(20)])
    pair = compare_ids(names, names[1:], ("genotypes", "phenotypes"))
    assert pair.losses() == []
    assert compare_ids(names, names[2:], ("genotypes", "phenotypes")).losses()
    assert compare_ids(names, names[2:], ("genotypes", "expression")).losses() == []


@pytest.mark.parametrize(
    ("left", "right", "rules"),
    [
        (["0001", "0002"], ["1", "2"], ("zeros",)),
        (["L001_L001", "L002_L002"], ["L001", "L002"], ("doubled",)),
        (["/d/L1.sorted.bam", "/d/L2.sorted.bam"], ["L1", "L2"], ("path",)),
        (["C:\\d\\l1.BAM", "C:\\d\\l2.BAM"], ["L1", "L2"], ("path", "case")),
        (["L1:C0ABC:5:25010", "L2:C0ABC:5:25011"], ["L1", "L2"], ("library",)),
        (["L1_S1_L001", "L2_S2_L001"], ["L1", "L2"], ("library",)),
        (["X10.B", "X11.B"], ["10-B", "11-B"], ("characters",)),
        (["M\u00c3\u00bcller", "Ga\u00c3\u0178ner"], ["M\u00fcller", "Ga\u00dfner"],
         ("characters",)),
        (["B 73", "Mo 17"], ["B73", "Mo\u00a017"], ("blanks",)),
        (["a", "b"], ["c", "d"], ()),
    ],
)  # fmt: skip
def test_every_rule_that_helps_is_offered(left, right, rules):
    pair = compare_ids(np.array(left), np.array(right), ("genotypes", "phenotypes"))
    assert pair.rules == rules
    assert len(pair.near) == (len(left) if rules else 0)
    if rules:
        folded = fold_onto(np.array(right), np.array(left), "phenotypes", rules)
        assert folded.tolist() == left


def test_several_lines_are_not_joined_by_a_coarse_rule():
    both = np.array(["1", "01"])
    with pytest.raises(DataError, match=r"'1', '01' of the phenotypes all fold onto"):
        fold_onto(both, np.array(["1"]), "phenotypes", ("zeros",))
    with pytest.raises(DataError, match=r"folds onto several samples: 01, 1"):
        fold_onto(np.array(["001"]), both[::-1], "phenotypes", ("zeros",))


def test_ids_equal_when_folded_are_duplicated():
    pair = compare_ids(
        np.array(["a-1", "A_1", "b"]), np.array(["a-1"]), ("genotypes", "omics")
    )
    assert pair.duplicated_left == ("a-1", "A_1")
    assert pair.duplicated_right == ()


def test_a_partner_is_given_away_once():
    pair = compare_ids(np.array(["x "]), np.array(["X", "x"]), ("a", "b"))
    assert pair.near == (("x ", "x"),)


def test_folding_replaces_what_folds_and_leaves_the_rest():
    names = fold_onto(RIGHT, LEFT, "phenotypes")
    assert names.tolist() == [
        "B73", "Mo17", "W22", "Oh_43", "CML-247", "ki3", "ghost", "B 73",
    ]  # fmt: skip


def test_ambiguous_fold_is_refused_unless_exact():
    known = np.array(["a-1", "a_1"])
    assert fold_onto(np.array(["a_1"]), known, "groups").tolist() == ["a_1"]
    with pytest.raises(DataError, match=r"'A_1' of the groups folds onto .* a-1, a_1"):
        fold_onto(np.array(["A_1"]), known, "groups")


def test_observations_of_one_line_written_in_two_ways_are_joined():
    table = Observations(
        sample_id=np.array(["b73", "B73 ", "B73"]),
        environment=np.array([""] * 3),
        replicate=np.array([""] * 3),
        trait=np.array(["y"] * 3),
        value=np.arange(3.0),
        weight=np.ones(3),
    )
    assert set(fold_observations(table, np.array(["B73"])).sample_id) == {"B73"}


names = st.lists(
    st.text("aAbB-_ 1", min_size=1, max_size=4), min_size=1, max_size=12, unique=True
)


@given(names, names)
def test_counts_add_up(left, right):
    pair = compare_ids(np.array(left), np.array(right), ("l", "r"))
    assert pair.matched == len(set(left) & set(right))
    assert pair.matched + len(pair.dropped_left) == len(left)
    assert pair.matched + len(pair.dropped_right) == len(right)
    assert len({a for a, _ in pair.near}) == len(pair.near)
    assert {a for a, _ in pair.near} <= set(pair.dropped_left)
    back = compare_ids(np.array(right), np.array(left), ("r", "l"))
    assert back.matched == pair.matched


def test_ids_that_differ_in_writing_alone_are_said():
    pair = compare_ids(
        np.array(["L1", "L2", "l2"]),
        np.array(["L1", "l1", "L2"]),
        ("genotypes", "phenotypes"),
    )
    assert pair.twins() == [
        "ids of the genotypes 'L2' and 'l2' differ in writing alone, and 'l2' has no "
        "partner: its values are left out",
        "ids of the phenotypes 'L1' and 'l1' differ in writing alone, and 'l1' has no "
        "partner: its values are left out",
    ]


def test_zeros_behind_the_point_of_a_whole_number_are_none():
    pair = compare_ids(np.array(["7", "12"]), np.array(["7.0", "12.0"]), ("a", "b"))
    assert pair.rules == ("zeros",)
    assert len(pair.near) == 2
