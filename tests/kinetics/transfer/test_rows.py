"""Labelled sites: which count, how guides are held out, ranking within guides."""

import numpy as np
import pytest
from tests.kinetics.toys import GUIDE

from meristem.errors import DataError
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.transfer.rows import (
    hold_out_guides,
    label_sites,
    ranking_by_guide,
)
from meristem.stats.folds import grouped_folds


def test_equal_pairs_count_once_far_ones_and_targets_not_at_all() -> None:
    guide = np.array([GUIDE] * 6)
    other = "T" if GUIDE[0] != "T" else "C"
    near = other + GUIDE[1:20] + "AGG"
    far = "CTGCGTATTC" + GUIDE[10:20] + "AGG"
    six = "".join("A" if c != "A" else "C" for c in GUIDE[:6]) + GUIDE[6:20]
    target = np.array([near, near, far, GUIDE[:20] + "AGG", six + "AGG", six + "AGC"])
    label = np.array([0, 1, 1, 0, 0, 1])
    sites = Sites(guide, target, label, np.array([""] * 6))
    data = label_sites([sites], most_mismatches=6)
    assert sorted(data.label.tolist()) == [0, 1]  # `near` and `six`, PAM intact
    assert set(data.guide) == {GUIDE[:20]}
    with pytest.raises(DataError, match="no label"):
        label_sites(
            [Sites(guide, target, np.full(6, -1), sites.place)], most_mismatches=6
        )


def test_guides_are_held_out_whole() -> None:
    guide = np.repeat([f"g{i}" for i in range(10)], 7)
    held = hold_out_guides(guide, 0.2, np.random.default_rng(0))
    assert set(guide[held]).isdisjoint(guide[~held])
    assert len(set(guide[held])) == 2
    with pytest.raises(DataError, match="one guide only"):
        hold_out_guides(np.array(["a", "a"]), 0.5, np.random.default_rng(0))


def test_guides_are_dealt_whole_and_evenly() -> None:
    guide = np.repeat([f"g{i}" for i in range(11)], 7)
    fold = grouped_folds(guide, 4, np.random.default_rng(0))
    sizes = [len(set(guide[fold == k])) for k in range(4)]
    assert sorted(sizes) == [2, 3, 3, 3]
    assert sum(sizes) == 11
    with pytest.raises(DataError, match="11 groups cannot make 12 folds"):
        grouped_folds(guide, 12, np.random.default_rng(0))


def test_ranking_by_guide_ignores_guides_of_one_kind() -> None:
    guide = np.array(["a", "a", "b", "b", "c"])
    label = np.array([1, 0, 0, 1, 1])
    score = np.array([2.0, 1.0, 9.0, 8.0, 0.0])
    assert ranking_by_guide(label, score, guide).tolist() == [1.0, 0.5]
    with pytest.raises(DataError, match="no guide has"):
        ranking_by_guide(label[:1], score[:1], guide[:1])
