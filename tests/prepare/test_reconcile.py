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
        ("Mo17", " Mo17", "trimming"),
        ("W22", "w22", "case folding"),
        ("ki3", "Ki3 ", "case folding"),
        ("Oh_43", "Oh-43", "-/_ folding"),
        ("CML-247", "cml_247", "-/_ folding"),
    }


def test_plain_form_is_json_and_complete():
    plain = Reconciliation((report(),), folded=False).to_json()
    assert json.loads(json.dumps(plain)) == plain
    (pair,) = plain
    assert pair["left"] == "genotypes"
    assert pair["would_match"] == {"trimming": 1, "case folding": 2, "-/_ folding": 2}
    assert pair["examples"]["dropped_left"][:2] == ["Mo17", "W22"]
    assert pair["folded"] is False


def test_words_for_people():
    found = Reconciliation((report(),), folded=False)
    assert found.lines() == [
        "genotypes and phenotypes: 1 matched, 6 and 7 without partner; 5 would match "
        "after folding ('Mo17' and ' Mo17' by trimming)"
    ]
    assert "fold_ids = true" in found.hints()[0]
    assert Reconciliation((report(),), folded=True).hints() == []


def test_ids_equal_when_folded_are_duplicated():
    pair = compare_ids(
        np.array(["a-1", "A_1", "b"]), np.array(["a-1"]), ("genotypes", "omics")
    )
    assert pair.duplicated_left == ("a-1", "A_1")
    assert pair.duplicated_right == ()


def test_a_partner_is_given_away_once():
    pair = compare_ids(np.array(["x "]), np.array(["X", "x"]), ("a", "b"))
    assert pair.near == (("x ", "x", "trimming"),)


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
    assert len({a for a, _, _ in pair.near}) == len(pair.near)
    assert {a for a, _, _ in pair.near} <= set(pair.dropped_left)
    back = compare_ids(np.array(right), np.array(left), ("r", "l"))
    assert back.matched == pair.matched
