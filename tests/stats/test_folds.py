import numpy as np
import pytest

from meristem.errors import DataError
from meristem.stats.folds import grouped_folds, random_splits


def test_every_row_is_tested_once_and_trained_on_otherwise() -> None:
    splits = random_splits(11, 4, np.random.default_rng(1))
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested.tolist()) == list(range(11))
    assert {split.test.size for split in splits} == {2, 3}
    for split in splits:
        assert np.union1d(split.train, split.test).tolist() == list(range(11))
        assert not np.intersect1d(split.train, split.test).size
    assert len(random_splits(3, 10, np.random.default_rng(1))) == 3


def test_groups_are_not_parted_and_fill_every_fold() -> None:
    group = np.repeat(list("abcdefg"), [1, 2, 3, 4, 5, 6, 7])
    fold = grouped_folds(group, 3, np.random.default_rng(1))
    assert set(fold.tolist()) == {0, 1, 2}
    for name in "abcdefg":
        assert len(set(fold[group == name].tolist())) == 1
    with pytest.raises(DataError, match="7 guides cannot make 8 folds"):
        grouped_folds(group, 8, np.random.default_rng(1), noun="guides")
