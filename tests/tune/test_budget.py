import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from meristem.config.tune import SearchBudget
from meristem.tune.budget import SIZE, search_within
from meristem.tune.space import Point, Variable, choices, values_at

VALUES = {"a": tuple(range(9)), "b": (0, 10, 20)}


class Sums:
    """A point is worth the sum of its values."""

    variables: Mapping[str, Variable] = choices(VALUES)

    def build(self, point: Point) -> int:
        return sum(values_at(VALUES, point).values())


def rewards(built: Sequence[int]) -> np.ndarray:
    return np.array(built, float)


def search(budget: SearchBudget, folder: Path | None = None, **how: float) -> list:
    start = ({"a": 4, "b": 1}, {"a": 0, "b": 0})
    rng = np.random.default_rng(3)
    return search_within(
        budget, Sums(), rewards, start=start, rng=rng, about="x", folder=folder, **how
    )


@pytest.mark.parametrize(("trials", "tried"), [(1, 2), (2, 2), (5, 5), (14, 14)])
def test_trials_are_counted_after_the_options_as_set(trials: int, tried: int) -> None:
    found = search(SearchBudget(trials=trials))
    assert [one.reward for one in found[:2]] == [14.0, 0.0]
    assert len(found) == tried
    assert len({one.generation for one in found}) == 1 + -(-max(tried - 2, 0) // SIZE)


def test_minutes_end_it_and_a_saved_one_goes_on(tmp_path: Path) -> None:
    begun = time.process_time()
    search(SearchBudget(minutes=1), tmp_path, seconds=0.05)
    assert time.process_time() - begun < 10
    assert (tmp_path / "x.json").exists()


def test_a_saved_search_goes_on(tmp_path: Path) -> None:
    whole = search(SearchBudget(trials=20))
    search(SearchBudget(trials=8), tmp_path)
    assert search(SearchBudget(trials=20), tmp_path) == whole
