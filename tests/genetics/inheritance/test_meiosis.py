"""`meristem.genetics.inheritance.meiosis`: crosses, selfing, doubled haploids."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.genetics.inheritance.meiosis import (
    cross,
    gametes,
    make_dh,
    self_plants,
    strands,
)


def test_strands_make_the_gametes():
    rng = np.random.default_rng(3)
    genetic_map = even_map(2, 9)
    plants = rng.integers(0, 2, (5, 2, 9)).astype(np.int8)
    made = gametes(plants, genetic_map, np.random.default_rng(8))
    which = strands(5, genetic_map, np.random.default_rng(8))
    assert (made == np.where(which == 0, plants[:, 0], plants[:, 1])).all()


def test_selfing_halves_heterozygosity_and_lines_breed_true():
    rng = np.random.default_rng(4)
    genetic_map = even_map(3, 60)
    lines = np.zeros((2, 2, 60), dtype=np.int8)
    lines[1] = 1
    f1 = cross(lines[:1], lines[1:], genetic_map, rng)
    plants = self_plants(np.repeat(f1, 400, axis=0), genetic_map, rng, generations=2)
    carrying = (plants[:, 0] != plants[:, 1]).mean()
    assert carrying == pytest.approx(0.25, abs=0.02)
    dh = make_dh(plants, genetic_map, rng)
    assert (dh[:, 0] == dh[:, 1]).all()
    assert (self_plants(dh, genetic_map, rng) == dh).all()


def test_heterozygosity_drifts_as_theory_says():
    """He_t = He_0 (1 - 1 / 2N)^t for N random mating monoecious diploids."""
    rng = np.random.default_rng(9)
    n, t, replicates = 8, 6, 200
    genetic_map = even_map(20, 20)  # unlinked
    lost = []
    for _ in range(replicates):
        plants = rng.integers(0, 2, (n, 2, 20)).astype(np.int8)
        start = _expected_heterozygosity(plants)
        for _ in range(t):
            mothers, fathers = rng.integers(0, n, (2, n))
            plants = cross(plants[mothers], plants[fathers], genetic_map, rng)
        lost.append(_expected_heterozygosity(plants) / start)
    expected = (1 - 1 / (2 * n)) ** t
    error = np.std(lost) / np.sqrt(replicates)
    assert abs(np.mean(lost) - expected) < 3 * error


def _expected_heterozygosity(plants: np.ndarray) -> float:
    p = plants.mean(axis=(0, 1))
    return float((2 * p * (1 - p)).mean())
