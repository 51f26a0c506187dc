"""Criteria of crosses, by hand and by simulation."""

import numpy as np
import pytest
from scipy.special import ndtr

from meristem.genetics.inheritance.maps import GeneticMap, even_map
from meristem.genetics.inheritance.meiosis import gametes
from meristem.select.crosses.criteria import (
    all_usefulness,
    best_pairs,
    chance_above,
    haplotype_values,
    make_crosses,
    optimal_haplotype_values,
    optimal_population_value,
    progeny_needed,
    segments,
    stacking_chance,
    usefulness,
)


@pytest.mark.parametrize("n", [9, 600])
def test_the_best_pairs_are_those_of_a_full_sort(n: int) -> None:
    rng = np.random.default_rng(n)
    score = rng.normal(size=(n, n))
    score = score + score.T
    first, second = best_pairs(score, 15)
    one, two = np.triu_indices(n, 1)
    best = np.sort(score[one, two])[::-1][:15]
    assert score[first, second] == pytest.approx(best)
    assert (first < second).all()


def test_more_pairs_than_there_are() -> None:
    first, _ = best_pairs(np.zeros((4, 4)), 100)
    assert first.size == 6


def test_usefulness_of_all_pairs_in_place() -> None:
    rng = np.random.default_rng(3)
    value = rng.normal(size=6)
    variance = rng.random((6, 6))
    variance = variance + variance.T
    np.fill_diagonal(variance, 0)
    expected = (value + value[:, None]) / 2 + 1.7 * np.sqrt(variance)
    pairs = np.array([0, 2]), np.array([5, 3])
    crosses = make_crosses(pairs, value, np.sqrt(variance[pairs]), 1.7, "DH")
    score = all_usefulness(value, variance, 1.7)
    assert score is variance
    assert score == pytest.approx(expected)
    assert crosses.usefulness == pytest.approx(score[pairs])
    assert usefulness(crosses.mean, crosses.sd, 2.0, 0.85) == pytest.approx(
        crosses.usefulness
    )


def test_chances_and_numbers() -> None:
    chance = chance_above(np.array([-1.0, 1.0, 1.0]), np.array([1.0, 0.0, 4.0]))
    assert chance == pytest.approx([0.158655, 1.0, 0.598706], abs=1e-6)
    # normal draws of the excess widen the spread of the progeny
    excess = 1.0 + 2.0 * np.random.default_rng(3).standard_normal((200_000, 1))
    assert chance_above(excess, np.array([1.5])) == pytest.approx(
        [ndtr(1 / 2.5)], abs=2e-3
    )
    assert progeny_needed(np.array([1.0, 0.9, 0.158655])).tolist() == [1, 1, 14]


def test_haplotype_values_take_the_better_segment() -> None:
    place = GeneticMap(np.array([0, 0, 0, 0, 1]), np.array([0, 0.1, 0.6, 1.0, 0.0]))
    number = segments(place, 2)
    assert number.tolist() == [0, 0, 1, 1, 2]
    code = np.array([[2, 2, 0, 0, 2], [0, 0, 2, 2, 0], [2, 0, 2, 0, 0]])
    effect = np.array([1.0, 1.0, 1.0, 1.0, -3.0])
    values = haplotype_values(code, effect, number)
    assert values.sum(axis=1) == pytest.approx(code @ effect)
    first, second = np.array([0, 0, 1]), np.array([1, 0, 1])
    best = optimal_haplotype_values(values, (first, second))
    assert best == pytest.approx([4 + 4 + 0, *values[:2].sum(axis=1)])
    assert optimal_population_value(values, np.array([0, 1, 2])) == pytest.approx(8)


def test_stacking_chances_are_those_of_simulated_gametes() -> None:
    place = even_map(2, 5, 0.9)
    plant = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1]], dtype=np.int8)
    made = gametes(
        np.repeat(plant[None], 40_000, axis=0), place, np.random.default_rng(4)
    )
    carried = np.stack([plant.T == 1, plant.T >= 0])
    chance = stacking_chance(carried, place.morgan, place.chromosome)
    assert chance == pytest.approx([made.all(axis=1).mean(), 1], abs=0.004)
