"""Strategies: who is crossed, how often, at which coancestry."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.select.cycles.population import Stock, dosages, line_coancestry, train
from meristem.select.cycles.strategies import (
    contributed_uses,
    largest_remainder,
    optimal_contributions,
    optimal_usefulness,
    pair_by_score,
    random_choice,
    select,
    truncation,
)


@pytest.fixture
def stock() -> Stock:
    rng = np.random.default_rng(6)
    half = rng.integers(0, 2, (30, 50)).astype(np.int8)
    plants = np.stack([half, half], axis=1)
    y = dosages(plants) @ rng.normal(size=50)
    return Stock(plants, even_map(3, 50), train(dosages(plants), y))


def test_truncation_takes_the_best_evenly(stock: Stock) -> None:
    pairs = truncation(5).choose(stock, 10, 1.0, np.random.default_rng(1))
    best = np.argsort(-stock.predicted)[:5]
    assert pairs.shape == (10, 2)
    uses = np.bincount(pairs.ravel(), minlength=30)
    assert set(np.flatnonzero(uses)) == set(best.tolist())
    assert np.ptp(uses[best]) == 0
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_contributions_keep_to_the_bound(stock: Stock) -> None:
    f = line_coancestry(stock.plants)
    bound = float(f.mean()) + 0.03
    uses = contributed_uses(stock, 20, bound)
    share = uses / uses.sum()
    assert uses.sum() == 40
    assert share @ f @ share < bound + 0.01  # rounding
    assert share @ stock.predicted > stock.predicted.mean()
    tight = contributed_uses(stock, 20, 0.0)  # out of reach: the least there is
    least = tight / tight.sum()
    assert least @ f @ least < share @ f @ share


def test_usefulness_pairs_the_same_parents_better(stock: Stock) -> None:
    bound = float(line_coancestry(stock.plants).mean()) + 0.05
    rng = np.random.default_rng(2)
    plain = optimal_contributions().choose(stock, 12, bound, rng)
    useful = optimal_usefulness(1.5).choose(stock, 12, bound, rng)
    uses = [np.bincount(pairs.ravel(), minlength=30) for pairs in (plain, useful)]
    assert (uses[0] == uses[1]).all()
    assert random_choice().choose(stock, 8, 0.0, rng).shape == (8, 2)


def test_pairs_use_each_line_as_asked_and_score_well() -> None:
    rng = np.random.default_rng(3)
    score = rng.normal(size=(8, 8))
    score = score + score.T
    uses = np.array([3, 1, 2, 2, 1, 4, 1, 2])
    pairs = pair_by_score(score, uses)
    assert (np.bincount(pairs.ravel(), minlength=8) == uses).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    total = score[pairs[:, 0], pairs[:, 1]].sum()
    for _ in range(50):
        other = rng.permutation(np.repeat(np.arange(8), uses)).reshape(-1, 2)
        if (other[:, 0] != other[:, 1]).all():
            assert score[other[:, 0], other[:, 1]].sum() <= total + 1e-9


def test_the_golden_matching_is_found() -> None:
    """Fact sheet, section 6: greedy 11, optimum 18."""
    score = np.full((4, 4), -50.0)
    for (a, b), value in {(0, 1): 10, (0, 2): 9, (1, 3): 9, (2, 3): 1}.items():
        score[a, b] = score[b, a] = value
    pairs = pair_by_score(score, np.ones(4, dtype=int))
    assert score[pairs[:, 0], pairs[:, 1]].sum() == 18


def test_shares_become_whole_numbers() -> None:
    share = np.array([0.31, 0.29, 0.4, 0.0])
    uses = largest_remainder(share, 7)
    assert uses.sum() == 7
    assert np.abs(uses - 7 * share).max() < 1


def test_select_truncates_or_keeps_to_a_bound() -> None:
    rng = np.random.default_rng(8)
    value, calls = rng.normal(size=40), rng.integers(0, 2, (40, 60))
    f = (calls @ calls.T + (1 - calls) @ (1 - calls).T) / 60
    cut = select(value, 5)
    assert np.flatnonzero(cut).tolist() == sorted(np.argsort(-value)[:5].tolist())
    assert cut.max() == pytest.approx(0.2)
    group = cut @ f @ cut
    share = select(value, 2, coancestry=f, bound=float(group))
    assert share.sum() == pytest.approx(1)
    assert share.max() <= 0.5 + 1e-9
    assert share @ f @ share <= group + 1e-9
    assert share @ value > cut @ value  # more gain at the same coancestry
    least = select(value, 2, coancestry=f, bound=0.0)
    assert least @ f @ least < group
