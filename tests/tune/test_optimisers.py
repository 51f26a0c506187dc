"""Searches: conjugate posteriors, equal seeds, resuming, beating chance."""

import json
import math
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.network.kinn import Architecture
from meristem.kinetics.search.space import finkelstein_space
from meristem.tune.optimisers import (
    DistributionSearch,
    RandomSearch,
    Trial,
    best_trials,
    make_optimiser,
    run_search,
)
from meristem.tune.space import Choice, Count

SPACE = finkelstein_space()


def nearness(architectures: list[Architecture]) -> np.ndarray:
    """Reward windows that lie near [8, 15) in every searched reaction."""
    out = []
    for architecture in architectures:
        miss = sum(
            abs(w.start - 8) + abs(w.stop - 15) for w in architecture.windows[2:]
        )
        out.append(1.0 / (1.0 + miss))
    return np.array(out)


def test_posterior_is_prior_plus_survivors() -> None:
    search = DistributionSearch(SPACE, np.random.default_rng(0), memory=2)
    for generation in range(4):
        points = search.ask(6)
        rewards = np.arange(6) / 10 + generation / 100
        search.tell(points, rewards)
    floor = np.mean([t.reward for t in search.trials if t.generation == 3])
    survivors = [t for t in search.trials if t.generation >= 2 and t.reward >= floor]
    assert search.survivors() == survivors
    name = "OI.kernel"
    counts = [sum(t.point[name] == k for t in survivors) for k in (1, 3, 5, 7)]
    expected = (np.array(counts) + 1) / (sum(counts) + 4)
    assert np.allclose(search.posterior()[name], expected)


def test_count_posterior_is_a_truncated_negative_binomial() -> None:
    seen = [3, 4, 4]
    got = Count(shape=5, rate=1, most=60).probabilities(seen)
    shape, rate = 5 + sum(seen), 1 + len(seen)
    p = rate / (rate + 1)
    pmf = [math.comb(k + shape - 1, k) * p**shape * (1 - p) ** k for k in range(1, 61)]
    assert np.allclose(got, np.array(pmf) / sum(pmf))


def test_choice_without_data_is_uniform() -> None:
    assert np.allclose(Choice((2, 5, 9)).probabilities([]), 1 / 3)


def test_reward_that_is_no_number_counts_zero() -> None:
    search = RandomSearch(SPACE, np.random.default_rng(0))
    search.tell(search.ask(3), np.array([np.nan, 0.5, np.inf]))
    assert [t.reward for t in search.trials] == [0.0, 0.5, 0.0]


def test_beats_random_search_at_equal_budget() -> None:
    best = {}
    for method in ("distribution", "evolution", "random"):
        scores = []
        for seed in range(5):
            optimiser = make_optimiser(method, SPACE, np.random.default_rng(seed))
            trials = run_search(optimiser, SPACE, nearness, generations=25, size=10)
            scores.append(max(t.reward for t in trials))
        best[method] = np.mean(scores)
    assert best["distribution"] > 1.5 * best["random"]
    assert best["evolution"] > best["distribution"]


@pytest.mark.parametrize("method", ["distribution", "evolution", "random", "optuna"])
def test_equal_seeds_give_equal_searches(method: str) -> None:
    if method == "optuna":
        pytest.importorskip("optuna")
    runs = []
    for seed in (1, 1, 2):
        optimiser = make_optimiser(method, SPACE, np.random.default_rng(seed))
        runs.append(run_search(optimiser, SPACE, nearness, generations=3, size=4))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("method", ["distribution", "evolution", "random"])
def test_a_stopped_search_continues_where_it_was(tmp_path: Path, method: str) -> None:
    state = tmp_path / "search.json"
    whole = run_search(
        make_optimiser(method, SPACE, np.random.default_rng(3)),
        SPACE,
        nearness,
        generations=6,
        size=5,
    )
    first = make_optimiser(method, SPACE, np.random.default_rng(3))
    run_search(first, SPACE, nearness, generations=2, size=5, state=state)
    second = make_optimiser(method, SPACE, np.random.default_rng(99))
    resumed = run_search(second, SPACE, nearness, generations=6, size=5, state=state)
    assert resumed == whole


def test_a_search_about_something_else_is_not_continued(tmp_path: Path) -> None:
    state = tmp_path / "search.json"
    for about in ("these rows", "these rows", "other rows"):
        optimiser = make_optimiser("random", SPACE, np.random.default_rng(3))
        fault = pytest.raises(ConfigError, match="other rows, settings or seed")
        with fault if about == "other rows" else nullcontext():
            run_search(
                optimiser,
                SPACE,
                nearness,
                generations=2,
                size=3,
                state=state,
                about=about,
            )


def test_optuna_continues_too(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    state = tmp_path / "search.json"
    for generations in (2, 4):
        optimiser = make_optimiser("optuna", SPACE, np.random.default_rng(0))
        trials = run_search(
            optimiser, SPACE, nearness, generations=generations, size=3, state=state
        )
        assert len(trials) == 3 * generations


def _searches_together(journal: Path, seed: int) -> int:
    space = finkelstein_space()
    optimiser = make_optimiser(
        "optuna", space, np.random.default_rng(seed), journal=journal
    )
    return len(run_search(optimiser, space, nearness, generations=2, size=3))


@pytest.mark.filterwarnings("ignore")
def test_processes_share_a_journal(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    journal = tmp_path / "search.journal"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_searches_together, [journal, journal], [1, 2]))
    assert max(found) == 12
    assert _searches_together(journal, 3) == 18
    with pytest.raises(ConfigError, match="no journal"):
        make_optimiser("random", SPACE, np.random.default_rng(0), journal=journal)


def test_a_search_starts_where_it_is_told_and_ends_in_time() -> None:
    start = RandomSearch(SPACE, np.random.default_rng(8)).ask(1)
    optimiser = make_optimiser("random", SPACE, np.random.default_rng(0))
    trials = run_search(
        optimiser,
        SPACE,
        nearness,
        generations=9,
        size=2,
        start=start,
        until=lambda: len(optimiser.trials) >= 3,
    )
    assert trials[0].point == start[0]
    assert len(trials) == 3


def test_patience_stops_early() -> None:
    optimiser = make_optimiser("random", SPACE, np.random.default_rng(0))
    trials = run_search(
        optimiser,
        SPACE,
        lambda a: np.full(len(a), 0.3),
        generations=50,
        size=2,
        patience=4,
    )
    assert trials[-1].generation == 4


def test_best_trials_are_different() -> None:
    trials = [Trial(0, {"a": 1}, 0.5), Trial(1, {"a": 1}, 0.4), Trial(1, {"a": 2}, 0.3)]
    assert best_trials(trials, 2) == [trials[0], trials[2]]


def test_best_trials_lie_apart() -> None:
    points = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 3}]
    trials = [Trial(0, p, 1.0 - i / 10) for i, p in enumerate(points)]
    assert best_trials(trials, 3, apart=2) == [trials[0], trials[2]]


def test_faults_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="search method 'luck'"):
        make_optimiser("luck", SPACE, rng)
    state = tmp_path / "search.json"
    state.write_text("{}")
    with pytest.raises(ConfigError, match="no saved search"):
        run_search(
            RandomSearch(SPACE, rng), SPACE, nearness, generations=1, state=state
        )
    state.write_text(json.dumps({"format": 1, "kind": "optuna", "trials": []}))
    with pytest.raises(ConfigError, match="kind 'optuna'"):
        run_search(
            RandomSearch(SPACE, rng), SPACE, nearness, generations=1, state=state
        )
