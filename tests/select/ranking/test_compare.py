"""`meristem.select.ranking.compare`: overlap with its chance level, gain lost."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.ranking.compare import best, compare_selections


def test_the_same_model_loses_nothing():
    value = np.random.default_rng(1).normal(size=40)
    found = compare_selections(value, value, 6)
    assert found.overlap == 6
    assert found.jaccard == 1
    assert found.lost_by_first == found.lost_by_second == 0
    assert found.kendall == pytest.approx(1)


def test_chance_level_is_that_of_random_selections():
    rng = np.random.default_rng(2)
    found = [compare_selections(*rng.normal(size=(2, 30)), 8) for _ in range(3000)]
    overlap = np.array([one.overlap for one in found])
    assert overlap.mean() == pytest.approx(found[0].chance, abs=0.08)
    assert overlap.std() == pytest.approx(found[0].chance_sd, rel=0.06)


def test_what_is_lost_is_told_from_both_sides():
    first = np.array([4.0, 3.0, 2.0, 1.0])
    second = np.array([1.0, 2.0, 3.0, 10.0])
    found = compare_selections(first, second, 1)
    assert found.overlap == 0
    assert found.lost_by_first == 9.0  # B: its best is worth 10, A's choice 1
    assert found.lost_by_second == 3.0
    assert found.share_lost_by_first == pytest.approx(9 / (10 - 4))
    with pytest.raises(DataError, match="5 of 4"):
        compare_selections(first, second, 5)
    assert best(np.array([1.0, 3.0, 3.0]), 2).tolist() == [1, 2]
