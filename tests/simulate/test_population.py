import numpy as np
import pytest

from meristem.genetics.inheritance.maps import (
    GeneticMap,
    even_map,
    recombination_chance,
)
from meristem.genetics.inheritance.meiosis import gametes
from meristem.simulate.population import mosaics, random_haplotypes, variant_table


def test_even_map_spreads_loci_and_keeps_order():
    genetic_map = even_map(3, 11, morgan=2.0)
    assert np.bincount(genetic_map.chromosome).tolist() == [4, 4, 3]
    assert genetic_map.starts_chromosome.sum() == 3
    assert genetic_map.morgan.max() < 2.0
    table = variant_table(genetic_map)
    for contig in "123":
        position = table.variant_position[table.variant_contig == contig]
        assert (np.diff(position) > 0).all()


def test_recombination_follows_haldane():
    genetic_map = GeneticMap(
        np.array([0, 0, 0, 1, 1]), np.array([0, 0.1, 0.6, 0.2, 0.3])
    )
    f1 = np.zeros((40_000, 2, 5), dtype=np.int8)
    f1[:, 1] = 1
    gamete = gametes(f1, genetic_map, np.random.default_rng(0))
    assert recombination_chance(genetic_map)[[0, 3]].tolist() == [0.5, 0.5]
    for left, right, distance in [(0, 1, 0.1), (1, 2, 0.5), (0, 2, 0.6), (3, 4, 0.1)]:
        share = (gamete[:, left] != gamete[:, right]).mean()
        assert share == pytest.approx((1 - np.exp(-2 * distance)) / 2, abs=0.01)
    assert (gamete[:, 2] != gamete[:, 3]).mean() == pytest.approx(0.5, abs=0.01)


def test_a_gamete_holds_alleles_of_its_own_parent_only():
    rng = np.random.default_rng(1)
    parents = rng.integers(0, 2, (6, 2, 30)).astype(np.int8)
    gamete = gametes(parents, even_map(2, 30), rng)
    assert ((gamete == parents[:, 0]) | (gamete == parents[:, 1])).all()


def test_mosaics_copy_tracts_of_the_mean_length():
    genetic_map = even_map(2, 4000)
    sources = np.repeat(np.arange(100, dtype=np.int8)[:, None], 4000, axis=1)
    made = mosaics(sources, 50, 40, genetic_map, np.random.default_rng(2))
    breaks = (np.diff(made, axis=1) != 0).mean()
    # Of the breaks one in a hundred draws the same source again.
    assert breaks == pytest.approx(0.99 / 40, rel=0.1)
    at_chromosome = (made[:, 1999] != made[:, 2000]).mean()
    assert at_chromosome > 0.9


def test_random_haplotypes_all_vary():
    made = random_haplotypes(8, 500, np.random.default_rng(3))
    count = made.sum(axis=0)
    assert count.min() == 1
    assert count.max() == 7
    assert made.shape == (8, 500)
    neighbours = [np.corrcoef(made[:, i], made[:, i + 1])[0, 1] for i in range(499)]
    assert abs(np.mean(neighbours)) < 0.06
