"""Choosing training sets: golden values, naive twin, exchange."""

from time import process_time

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.design.choose import (
    _inverse,
    _scatter,
    added_gains,
    choose_training_set,
    criterion_of,
    explained_variance,
)
from meristem.select.design.problem import line_problem

K = np.array([[1, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 1]])
EVERY = np.arange(3)


def test_golden_coefficients_of_determination() -> None:
    """Fact sheet on selection, section 7: lines 1 and 2 phenotyped, lambda 1."""
    problem = line_problem(K, 1.0, candidates=EVERY, targets=EVERY)
    chosen = np.array([0, 1])
    cd = explained_variance(problem, chosen) / problem.prior
    assert cd == pytest.approx([0.226852, 0.173611, 0.013889], abs=1e-6)
    assert criterion_of(problem, chosen) == pytest.approx(0.138117, abs=1e-6)


def structured(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    family = rng.integers(0, 6, n)
    x = rng.normal(size=(6, 40))[family] + rng.normal(size=(n, 40))
    k = (x - x.mean(axis=0)) @ (x - x.mean(axis=0)).T
    return k * n / np.trace(k)


@pytest.mark.parametrize("criterion", ["cd", "pev"])
@pytest.mark.parametrize("observed", [False, True])
def test_gains_equal_recomputed_criteria(criterion: str, observed: bool) -> None:
    k = structured(17, 2)
    new = np.arange(3, 17)
    old = np.array([0, 1, 2]) if observed else None
    problem = line_problem(k, 0.6, candidates=new, targets=new, observed=old)
    chosen = np.array([1, 5, 9])
    scatter = _scatter(problem, criterion)
    gain = added_gains(problem, scatter, chosen, _inverse(problem, chosen))
    before = criterion_of(problem, chosen, criterion)
    for new_one in (0, 4, 13):
        after = criterion_of(problem, np.append(chosen, new_one), criterion)
        sign = 1 if criterion == "cd" else -1
        assert sign * (after - before) == pytest.approx(gain[new_one], abs=1e-10)
    assert (gain[chosen] == -np.inf).all()


def naive_exchange(problem, chosen: np.ndarray, seconds: float, rng) -> float:
    """Return the criterion after swaps of random pairs, kept where they help."""
    start, best = process_time(), criterion_of(problem, chosen)
    while process_time() - start < seconds:
        place = rng.integers(chosen.size)
        other = rng.choice(np.setdiff1d(np.arange(problem.n), chosen))
        tried = chosen.copy()
        tried[place] = other
        value = criterion_of(problem, tried)
        if value > best:
            chosen, best = tried, value
    return best


def test_exchange_beats_greedy_random_and_naive() -> None:
    k = structured(120, 3)
    every = np.arange(120)
    problem = line_problem(k, 1.0, candidates=every, targets=every)
    rng = np.random.default_rng(4)
    start = process_time()
    found = choose_training_set(problem, 30)
    used = process_time() - start
    assert found.converged
    assert found.value >= found.greedy_value
    random = [
        criterion_of(problem, rng.choice(120, 30, replace=False)) for _ in range(10)
    ]
    assert found.value > max(random)
    naive = naive_exchange(problem, rng.choice(120, 30, replace=False), used, rng)
    assert found.value >= naive
    assert np.unique(found.chosen).size == 30


def test_a_line_more_never_lowers_what_is_explained() -> None:
    problem = line_problem(
        structured(15, 5), 1.0, candidates=np.arange(15), targets=np.arange(15)
    )
    order = np.random.default_rng(6).permutation(15)
    values = [criterion_of(problem, order[:k]) for k in range(1, 16)]
    assert (np.diff(values) >= -1e-12).all()


def test_costs_and_budgets() -> None:
    k = structured(20, 7)
    cost = np.where(np.arange(20) < 10, 1.0, 3.0)
    problem = line_problem(
        k, 1.0, candidates=np.arange(20), targets=np.arange(20), cost=cost
    )
    found = choose_training_set(problem, budget=9.5)
    assert cost[found.chosen].sum() <= 9.5
    assert choose_training_set(problem, 4, budget=100).chosen.size == 4
    with pytest.raises(ConfigError, match="budget"):
        choose_training_set(problem, budget=0.5)
    with pytest.raises(ConfigError, match="--n"):
        choose_training_set(problem)


def test_pev_is_lowered() -> None:
    problem = line_problem(
        structured(25, 8), 0.5, candidates=np.arange(25), targets=np.arange(25)
    )
    found = choose_training_set(problem, 6, criterion="pev")
    assert found.value < found.start
    assert found.value <= found.greedy_value
