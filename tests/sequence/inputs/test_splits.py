import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.inputs.measured import MeasuredSequences
from meristem.sequence.inputs.splits import WITHIN, divide, sequence_hash


def _data(n_family: int = 12, copies: int = 3, named: bool = True) -> MeasuredSequences:
    rng = np.random.default_rng(1)
    base = rng.choice(list("ACGT"), size=(n_family, 60))
    texts, family = [], []
    for number, row in enumerate(base):
        for copy in range(copies):
            own = row.copy()
            own[10 + copy] = "A"
            texts.append("".join(own))
            family.append(f"g{number % 6}" if named else "")
    n = len(texts)
    return MeasuredSequences(
        np.array([f"s{k}" for k in range(n)]),
        tuple(texts),
        ("y",),
        rng.normal(size=(n, 1)),
        np.array(family),
        np.full(n, "a"),
    )


def _divide(data: MeasuredSequences, scheme: str, **more: object):
    settings = {"folds": 3, "replicates": 1, "tested": 0, "identity": 0.8}
    return divide(data, scheme, rng=np.random.default_rng(2), **{**settings, **more})


@pytest.mark.parametrize("scheme", ["group", "identity", "hash", "each_group"])
def test_no_scheme_parts_copies(scheme: str) -> None:
    data = _data()
    division = _divide(data, scheme)
    clone = np.repeat(np.arange(12), 3)
    for split in division.split:
        assert not set(clone[split.train]) & set(clone[split.test])
        assert not set(split.train) & set(split.test)


def test_groups_are_left_out_whole() -> None:
    data = _data()
    for split in _divide(data, "group").split:
        assert not set(data.group[split.train]) & set(data.group[split.test])
    each = _divide(data, "each_group")
    assert len(each.split) == 6
    assert all(np.unique(data.group[s.test]).size == 1 for s in each.split)


def test_hash_withholds_copies_that_lie_on_the_other_side() -> None:
    division = _divide(_data(), "hash", folds=4)
    assert division.withheld > 0


def test_random_rows_of_relatives_are_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match="36 of 36 rows share a group.*near copies"):
        _divide(_data(), "random")
    with pytest.raises(ConfigError, match="near copies"):
        _divide(_data(named=False), "random")
    assert len(_divide(_data(copies=1, named=False), "random").split) == 3


def test_groups_are_needed_where_they_are_left_out() -> None:
    with pytest.raises(ConfigError, match="needs a column of groups"):
        _divide(_data(named=False), "group")


def test_only_some_folds_are_tested() -> None:
    assert len(_divide(_data(), "identity", tested=1).split) == 1


def test_the_hash_does_not_depend_on_the_strand() -> None:
    assert sequence_hash("AACCG") == sequence_hash("CGGTT")


def test_folds_within_groups_train_on_their_own_group_alone() -> None:
    data = _data(n_family=48)
    division = _divide(data, "each_group", within=True, folds=4)
    inside = [s for s in division.split if s.scheme == WITHIN]
    assert len(inside) == 6 * 4
    clone = np.repeat(np.arange(48), 3)
    for split in inside:
        both = np.concatenate([split.train, split.test])
        assert np.unique(data.group[both]).size == 1
        assert not set(clone[split.train]) & set(clone[split.test])
    tested = np.concatenate([s.test for s in inside])
    assert sorted(tested) == list(range(data.n))
    assert len(division.split) == 6 + 24
    with pytest.raises(ConfigError, match="has 6 rows, and at least 20"):
        _divide(_data(), "each_group", within=True)


def test_rows_without_a_group_are_no_fold_of_their_own() -> None:
    data = _data()
    data.group[4] = ""
    with pytest.raises(ConfigError, match="1 of 36 rows have no group"):
        _divide(data, "each_group")
