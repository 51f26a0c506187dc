"""Children of heterozygous parents: enumeration and simulation."""

from itertools import product

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import (
    GeneticMap,
    even_map,
    transmission_correlation,
)
from meristem.genetics.inheritance.meiosis import cross, gametes
from meristem.select.crosses.outbred import child_moments, gamete_variances


def gamete_law(plant: np.ndarray, place: GeneticMap) -> list[tuple[float, np.ndarray]]:
    rho = np.zeros(place.n_locus)
    rho[1:] = transmission_correlation(np.abs(np.diff(place.morgan)))
    rho[place.starts_chromosome] = 0
    law = []
    for strand in product((0, 1), repeat=place.n_locus):
        chance = 0.5
        for j in range(1, place.n_locus):
            c = (1 - rho[j]) / 2
            chance *= c if strand[j] != strand[j - 1] else 1 - c
        law.append((chance, plant[list(strand), np.arange(place.n_locus)]))
    return law


def test_children_equal_enumeration_with_dominance() -> None:
    rng = np.random.default_rng(6)
    place = GeneticMap(np.array([0, 0, 0, 1]), np.array([0.0, 0.1, 0.5, 0.0]))
    mother, father = rng.integers(0, 2, (2, 2, 4)).astype(np.int8)
    a, d = rng.normal(size=(2, 4))
    values, chances = [], []
    for p, x in gamete_law(mother, place):
        for q, y in gamete_law(father, place):
            values.append(a @ (x + y) + d @ (x + y - 2 * x * y))
            chances.append(p * q)
    value, chance = np.array(values), np.array(chances)
    expected = float(chance @ value)
    exact = float(chance @ value**2) - expected**2
    mean, variance = child_moments(mother[None], father[None], a, d, place)
    assert mean[0] == pytest.approx(expected, abs=1e-10)
    assert variance[0] == pytest.approx(exact, abs=1e-10)


def test_mendelian_sampling_adds_over_parents() -> None:
    rng = np.random.default_rng(7)
    place = even_map(2, 15)
    plants = rng.integers(0, 2, (2, 2, 15)).astype(np.int8)
    a = rng.normal(size=15)
    own = gamete_variances(plants, a, place)
    _, total = child_moments(plants[:1], plants[1:], a, np.zeros(15), place)
    assert total[0] == pytest.approx(own.sum())


def test_simulated_children_agree() -> None:
    wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(40 + seed)
        p = int(rng.integers(5, 20))
        place = even_map(2, p, 0.8)
        plants = rng.integers(0, 2, (2, 2, p)).astype(np.int8)
        a, d = rng.normal(size=(2, p))
        n = 2000
        made = cross(
            np.repeat(plants[:1], n, axis=0),
            np.repeat(plants[1:], n, axis=0),
            place,
            rng,
        )
        dosage = made.sum(axis=1)
        value = dosage @ a + (dosage == 1) @ d
        mean, variance = child_moments(plants[:1], plants[1:], a, d, place)
        centred = (value - mean) ** 2
        wrong += abs(value.mean() - mean[0]) > 3.3 * value.std() / np.sqrt(n)
        wrong += abs(centred.mean() - variance[0]) > 3.3 * centred.std() / np.sqrt(n)
    assert wrong <= 1


def test_f2_plants_with_dominance() -> None:
    """An F1 on both sides: mean a + d / 2 per locus, variance a^2 / 2 + d^2 / 4."""
    place = GeneticMap(np.arange(3), np.zeros(3))  # unlinked
    f1 = np.array([[[0, 0, 0], [1, 1, 1]]], dtype=np.int8)
    a, d = np.array([1.0, 0.5, -2.0]), np.array([0.3, 0.0, 1.0])
    mean, variance = child_moments(f1, f1, a, d, place)
    assert mean[0] == pytest.approx(a.sum() + d.sum() / 2)
    assert variance[0] == pytest.approx((a**2 / 2 + d**2 / 4).sum())


def test_a_gamete_of_an_inbred_line_does_not_vary() -> None:
    place = even_map(1, 5)
    line = np.ones((1, 2, 5), dtype=np.int8)
    assert gamete_variances(line, np.ones(5), place)[0] == 0
    assert gametes(line, place, np.random.default_rng(1)).all()
