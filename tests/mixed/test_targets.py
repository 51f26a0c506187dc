from dataclasses import replace

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.mixed.targets import random_inner, target_splits, training_targets
from meristem.records import Phenotypes, Split


def phenotypes(value, weight):
    sample = np.arange(value.shape[0]).astype(str)
    names = np.array([f"t{i}" for i in range(value.shape[1])])
    return Phenotypes(sample, names, np.full(names.size, ""), value, weight)


def test_each_target_keeps_its_own_rows_and_weights_of_mean_one():
    value = np.array([[1.0, np.nan], [2, 5], [3, 6], [4, 7]])
    weight = np.array([[1.0, 9], [1, 1], [2, 1], [4, 2]])
    first, second = training_targets(phenotypes(value, weight))
    assert first.rows.tolist() == [0, 1, 2, 3]
    assert second.rows.tolist() == [1, 2, 3]
    assert second.y.tolist() == [5, 6, 7]
    assert first.weight.tolist() == [0.5, 0.5, 1, 2]
    assert second.weight == pytest.approx([0.75, 0.75, 1.5])
    assert first.signature != second.signature


def test_two_values_are_too_few():
    value = np.array([[1.0, np.nan], [2, 5], [3, 6]])
    with pytest.raises(DataError, match="t1 has 2 values"):
        training_targets(phenotypes(value, np.ones((3, 2))))


def test_random_folds_partition_the_rows():
    splits = random_inner(23, np.random.default_rng(0), folds=4)
    assert sorted(np.concatenate([s.test for s in splits])) == list(range(23))
    for split in splits:
        assert not set(split.train) & set(split.test)
        assert split.train.size + split.test.size == 23
    assert len(random_inner(3, np.random.default_rng(0))) == 3


def test_splits_are_renumbered_within_the_observed_rows():
    rows = np.array([2, 5, 6, 9])
    inner = (
        Split("x", 0, 0, np.array([2, 3, 6]), np.array([5, 9])),
        Split("x", 0, 1, np.array([2, 3]), np.array([5, 9])),
        Split("x", 0, 2, np.array([2, 5, 6]), np.array([1])),
    )
    ((train, test),) = target_splits(inner, rows)
    assert train.tolist() == [0, 2]
    assert test.tolist() == [1, 3]
    with pytest.raises(DataError, match="no inner split"):
        target_splits(inner[2:], rows)


def test_the_design_has_what_values_have_lost_once():
    value = np.array([[1.0], [np.nan], [2.0], [4.0], [3.0]])
    known = phenotypes(value, np.ones((5, 1)))
    lost = np.array([1.0, 0.0, -1.0, 0.0, 0.0])
    (plain,) = training_targets(known)
    assert plain.design.shape == (4, 1)
    (target,) = training_targets(
        replace(known, fixed=np.column_stack([lost, 2 * lost]))
    )
    np.testing.assert_array_equal(target.design[:, 1], lost[[0, 2, 3, 4]])
    assert target.design.shape == (4, 2)
    assert target.signature == plain.signature
    part = target.take(np.array([0, 1, 3]))
    assert part.rows.tolist() == [0, 2, 4]
    assert part.design.shape == (3, 1)
