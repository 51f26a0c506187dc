from __future__ import annotations

import numpy as np
import pytest
import torch

from meristem.errors import DataError
from meristem.models.networks.members import (
    TargetScale,
    assign_members,
    fit_targets,
    out_of_fold,
    pick_device,
    target_limits,
    trait_losses,
    trait_tensors,
)
from meristem.records import Phenotypes, Split
from meristem.stats.folds import random_splits


def table(value, weight=None):
    value = np.asarray(value, dtype=float)
    n, t = value.shape
    return Phenotypes(
        np.array([f"s{i}" for i in range(n)]),
        np.array([f"t{i}" for i in range(t)]),
        np.full(t, ""),
        value,
        np.ones((n, t)) if weight is None else weight,
    )


def test_random_splits_cover_every_row_once():
    splits = random_splits(13, 4, np.random.default_rng(0))
    assert sorted(np.concatenate([s.test for s in splits])) == list(range(13))
    for split in splits:
        assert np.intersect1d(split.train, split.test).size == 0
        assert split.train.size + split.test.size == 13


def test_members_follow_the_splits():
    value = np.arange(12.0).reshape(6, 2)
    value[4] = np.nan  # omics alone
    inner = (
        Split("group", 0, 0, np.array([0, 1]), np.array([2, 4])),
        Split("group", 0, 1, np.array([2, 3]), np.array([0])),
    )
    members = assign_members(table(value), inner, 3)
    assert members.n_member == 6
    assert members.learn[0].tolist() == [True, True, False, False, True, False]
    assert members.held[0].tolist() == [False, False, True, False, False, False]
    assert members.learn[3].tolist() == [False, False, True, True, True, False]
    assert np.array_equal(members.learn[0], members.learn[2])


def test_targets_are_weighted_and_checked():
    value = np.array([[1.0, 5], [2, np.nan], [6, 6], [np.nan, 7]])
    weight = np.array([[1.0, 1], [2, 1], [1, 1], [9, 2]])
    scale = fit_targets(table(value, weight))
    assert scale.mean == pytest.approx([11 / 4, 25 / 4])
    first = [(1, 1), (2, 2), (6, 1)]
    expected = np.sqrt(sum(w * (v - 11 / 4) ** 2 for v, w in first) / 4)
    assert scale.sd[0] == pytest.approx(expected)
    with pytest.raises(DataError, match="t1 has 2 observations"):
        fit_targets(table([[1.0, 1], [2, 2], [3, np.nan]]))


def test_a_constant_target_is_left_on_its_scale():
    scale = fit_targets(table([[3.0], [3], [3]]))
    assert (scale.mean[0], scale.sd[0]) == (3, 1)


def test_limits_are_a_twentieth_wider():
    limits = target_limits(table([[0.0, np.nan], [10, 1], [5, 3]]))
    assert limits.tolist() == [[-0.5, 0.9], [10.5, 3.1]]


def test_out_of_fold_averages_members_that_held_the_row():
    inner = random_splits(7, 3, np.random.default_rng(1))
    members = assign_members(table(np.arange(7.0)[:, None]), inner, 2)
    value = np.random.default_rng(2).normal(size=(6, 7, 1))
    found = out_of_fold(value, members)
    for b in range(7):
        held = [value[k, b, 0] for k in range(6) if members.held[k, b]]
        assert len(held) == 2
        assert found[b, 0] == pytest.approx(np.mean(held))
    members.held[:, 3] = False
    assert np.isnan(out_of_fold(value, members)[3, 0])


def test_batches_pick_their_rows():
    value = np.arange(10.0).reshape(5, 2)
    value[1, 0] = np.nan
    phenotypes = table(value)
    members = assign_members(
        phenotypes, random_splits(5, 2, np.random.default_rng(0)), 1
    )
    traits = trait_tensors(
        phenotypes, TargetScale(np.zeros(2), np.ones(2)), members, torch.device("cpu")
    )
    predicted = torch.randn(2, 2, 5)
    whole = trait_losses(predicted, traits, torch.arange(5))
    parts = [
        trait_losses(predicted[:, :, rows], traits, torch.tensor(rows))
        for rows in ([3, 1], [0, 4, 2])
    ]
    error = parts[0].held_error + parts[1].held_error
    torch.testing.assert_close(error, whole.held_error)
    weight = parts[0].held_weight + parts[1].held_weight
    torch.testing.assert_close(weight, whole.held_weight)


def test_device_by_name():
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in {"cpu", "cuda"}
