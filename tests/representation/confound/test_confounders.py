from __future__ import annotations

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.records import SampleGroups
from meristem.representation.confound.confounders import (
    confounders_of,
    confounders_of_rows,
    fit_design,
    refuse_single,
    refuse_unlabelled,
)


def groups(**columns: list[str]) -> SampleGroups:
    n = len(next(iter(columns.values())))
    label = np.column_stack([np.array(c) for c in columns.values()])
    return SampleGroups(
        np.array([f"l{i}" for i in range(n)]), np.array(list(columns)), label
    )


def test_labels_and_numbers_are_told_apart() -> None:
    table = groups(
        batch=["a", "b", "a", ""], ph=["5.1", "6", "7.5", "5.9"], year=["1", "2"] * 2
    )
    batch, ph, year = confounders_of(table, ("batch", "ph", "year"))
    assert batch.number is None
    assert ph.number is not None
    assert ph.number.tolist() == [5.1, 6, 7.5, 5.9]
    assert year.number is None


def test_a_design_is_that_of_the_training_rows() -> None:
    table = groups(batch=["a", "b", "a", "c", ""], ph=["1", "2", "3", "7", "8"])
    both = confounders_of(table, ("batch", "ph"))
    train = np.arange(3)
    design = fit_design([one.take(train) for one in both])
    columns = design.columns(both)
    assert columns.shape == (5, 3)
    assert columns[:3].mean(axis=0) == pytest.approx(0)
    assert (columns[3:, :2] == 0).all()  # a label never seen, and an unknown one
    assert columns[3, 2] == pytest.approx((7 - 2) / np.std([1, 2, 3]))


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"batch": ["", ""]}, "known of no sample"),
        ({"batch": ["a", "b"]}, "of its own"),
    ],
)
def test_what_tells_nothing_is_refused(columns: dict, match: str) -> None:
    with pytest.raises(DataError, match=match):
        confounders_of(groups(**columns), ("batch",))


def test_absent_tables_and_columns_are_named() -> None:
    with pytest.raises(DataError, match="need a table of groups"):
        confounders_of(None, ("batch",))
    with pytest.raises(DataError, match="no grouping called"):
        confounders_of(groups(batch=["a", "a"]), ("plate",))
    assert confounders_of(None, ()) == ()


def test_measured_samples_without_a_label_are_refused() -> None:
    known = confounders_of(groups(batch=["a", "a", "b", "b", "", ""]), ("batch",))
    name = np.array(list("uvwxyz"))
    refuse_unlabelled(known, name, np.array([True] * 4 + [False] * 2))
    with pytest.raises(DataError, match="1 of 5 measured samples have no 'batch'.*: y"):
        refuse_unlabelled(known, name, np.array([True] * 5 + [False]))


def test_labels_of_one_measured_sample_are_refused() -> None:
    known = confounders_of(groups(batch=["a", "a", "b", "b", "c"]), ("batch",))
    name = np.array(list("vwxyz"))
    refuse_single(known, name, np.array([True] * 4 + [False]))
    with pytest.raises(DataError, match="sample z: .*one measured sample: c;"):
        refuse_single(known, name, np.array([True] * 5))


def test_a_fold_does_not_make_numbers_of_labels() -> None:
    """Batch 3 has one row there: the others are labels all the same."""
    whole = groups(batch=["1", "1", "2", "2", "3", "3"])
    (found,) = confounders_of_rows(whole, ("batch",), whole.sample_id[[4, 0, 2]])
    assert found.number is None
    assert found.label.tolist() == ["3", "1", "2"]
    (absent,) = confounders_of_rows(whole, ("batch",), np.array(["none"]))
    assert absent.label.tolist() == [""]
