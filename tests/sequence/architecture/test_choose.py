from pathlib import Path

import numpy as np
import pytest
from tests.sequence.toys import rows, specify

from meristem.sequence.architecture import choose
from meristem.sequence.architecture.choose import (
    Budget,
    halve,
    inner_rows,
    search_architecture,
)
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.models.space import OPTIONS, NetworkSpace

BUDGET = Budget(2, 4, (1, 3), 0.5)


def _fake(calls: list[tuple[int, int]]):
    def reward(specification, inner, seed: int) -> float:
        options = specification.options
        calls.append((options.channels, specification.train.epochs))
        return options.channels / 100 + specification.train.epochs

    return reward


def test_the_better_half_goes_on_to_more_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(choose, "trained_reward", _fake(calls))
    inner = inner_rows(rows(), np.random.default_rng(1))
    shapes = [NetworkOptions(channels=c) for c in (16, 96, 32, 64)]
    reward = halve(specify("cnn"), shapes, inner, BUDGET, 1)
    assert calls == [(16, 1), (96, 1), (32, 1), (64, 1), (96, 3), (64, 3)]
    assert reward.tolist() == pytest.approx([1.16, 3.96, 1.32, 3.64])


def test_a_search_goes_on_where_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(choose, "trained_reward", _fake([]))
    inner = inner_rows(rows(), np.random.default_rng(1))
    state = tmp_path / "state.json"
    first = Budget(1, 4, (1,), 0.5)
    for budget in (first, BUDGET):
        trials = search_architecture(
            "random", specify("cnn"), inner, budget, seed=3, state=state
        )
    whole = search_architecture("random", specify("cnn"), inner, BUDGET, seed=3)
    assert [t.point for t in trials] == [t.point for t in whole]
    assert len(trials) == 8


def test_inner_rows_part_no_group() -> None:
    inner = inner_rows(rows(), np.random.default_rng(1))
    assert not set(inner.train.group) & set(inner.held.group)


def test_every_point_is_a_network() -> None:
    space = NetworkSpace(NetworkOptions(motifs=True))
    rng = np.random.default_rng(1)
    for _ in range(20):
        point = {n: v.sample([], rng) for n, v in space.variables.items()}
        options = space.build(point)
        assert options.motifs
        assert NetworkOptions.model_validate(options.model_dump()) == options
    assert set(space.variables) == set(OPTIONS)
