from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toys import genotypes

from meristem.errors import DataError
from meristem.evaluate.partition import (
    cluster_labels,
    deal,
    deal_groups,
    deal_parents,
)


@given(n=st.integers(1, 60), n_part=st.integers(2, 9), seed=st.integers(0, 99))
def test_deal_is_a_partition_of_nearly_equal_parts(n, n_part, seed):
    names = np.array([f"n{k}" for k in range(n)])
    parts = deal(names, n_part, np.random.default_rng(seed))
    assert len(parts) == n_part
    assert sorted(np.concatenate(parts)) == sorted(names)
    sizes = [part.size for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_each_group_is_a_part_when_there_are_few():
    label = np.array(["b", "a", "b", "c"])
    parts = deal_groups(label, 5, np.random.default_rng(1))
    assert [list(part) for part in parts] == [["a"], ["b"], ["c"]]


@given(seed=st.integers(0, 50))
def test_many_groups_are_dealt_whole_and_level(seed):
    rng = np.random.default_rng(seed)
    label = np.array([f"g{k}" for k in rng.integers(0, 17, 200)])
    parts = deal_groups(label, 4, rng)
    assert sorted(np.concatenate(parts)) == sorted(set(label))
    rows = [int(np.isin(label, part).sum()) for part in parts]
    assert max(rows) - min(rows) <= np.unique(label, return_counts=True)[1].max()


def test_one_group_is_refused():
    with pytest.raises(DataError, match="one group"):
        deal_groups(np.array(["a", "a"]), 3, np.random.default_rng(1))


def test_parents_of_two_pools_are_dealt_apart():
    one = np.array(["d1", "d2", "d3", "d4"])
    two = np.array(["f1", "f2", "f1", "f2"])
    parts = deal_parents(one, two, 2, np.random.default_rng(3))
    for part in parts:
        assert sum(name[0] == "d" for name in part) == 2
        assert sum(name[0] == "f" for name in part) == 1


def test_parents_in_both_roles_make_one_pool():
    one, two = np.array(["a", "b", "c"]), np.array(["b", "c", "a"])
    parts = deal_parents(one, two, 2, np.random.default_rng(3))
    assert sorted(np.concatenate(parts)) == ["a", "b", "c"]


def test_clusters_find_two_populations_and_are_named_by_size():
    rng = np.random.default_rng(5)
    dosage = np.concatenate(
        [rng.binomial(2, 0.1, (12, 60)), rng.binomial(2, 0.9, (7, 60))]
    ).astype(np.int8)
    label = cluster_labels(genotypes(dosage), 2, rng)
    assert list(label) == ["cluster 1"] * 12 + ["cluster 2"] * 7
