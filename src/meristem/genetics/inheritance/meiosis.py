"""Meiosis: gametes of phased plants, and the lines and crosses made from them.

Haplotypes are int8 of 0 and 1, a plant has two. Crossovers fall without interference
(Haldane).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.inheritance.maps import GeneticMap, recombination_chance

Haplotypes = NDArray[np.int8]


def gametes(
    parents: Haplotypes,  # (n, 2, n_locus)
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> Haplotypes:  # (n, n_locus)
    """Return one gamete of each parent.

    Parameters
    ----------
    parents
        The two haplotypes of each parent; repeat a parent for several gametes.
    genetic_map
        The loci.
    rng
        The only source of randomness.

    Examples
    --------
    >>> import numpy as np
    >>> f1 = np.array([[[0, 0, 0], [1, 1, 1]]], dtype=np.int8)
    >>> close = GeneticMap(np.zeros(3, int), np.zeros(3))
    >>> np.unique(gametes(f1, close, np.random.default_rng(1))).size
    1
    """
    strand = strands(parents.shape[0], genetic_map, rng)
    return np.where(strand == 0, parents[:, 0], parents[:, 1])


def strands(
    n: int, genetic_map: GeneticMap, rng: np.random.Generator
) -> Haplotypes:  # (n, n_locus)
    """Return from which of its parent's two haplotypes each locus of a gamete comes.

    The same strands given to every cross are common random numbers: their progeny
    differ by the parents alone. `1 - strands` are the antithetic gametes.
    """
    chance = rng.random((n, genetic_map.n_locus))
    crossed = chance < recombination_chance(genetic_map)
    return np.bitwise_xor.accumulate(crossed.view(np.int8), axis=1)


def cross(
    mothers: Haplotypes,  # (n, 2, n_locus)
    fathers: Haplotypes,  # (n, 2, n_locus)
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> Haplotypes:  # (n, 2, n_locus)
    """Return one child of each pair of plants.

    Examples
    --------
    >>> lines = np.array([[[0, 0], [0, 0]], [[1, 1], [1, 1]]], dtype=np.int8)
    >>> one = GeneticMap(np.zeros(2, int), np.zeros(2))
    >>> cross(lines[:1], lines[1:], one, np.random.default_rng(1)).tolist()
    [[[0, 0], [1, 1]]]
    """
    first = gametes(mothers, genetic_map, rng)
    return np.stack([first, gametes(fathers, genetic_map, rng)], axis=1)


def self_plants(
    plants: Haplotypes,  # (n, 2, n_locus)
    genetic_map: GeneticMap,
    rng: np.random.Generator,
    *,
    generations: int = 1,
) -> Haplotypes:  # (n, 2, n_locus)
    """Return one plant of each after selfing: single-seed descent."""
    for _ in range(generations):
        plants = cross(plants, plants, genetic_map, rng)
    return plants


def make_dh(
    plants: Haplotypes,  # (n, 2, n_locus)
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> Haplotypes:  # (n, 2, n_locus)
    """Return one doubled haploid of each plant: a gamete twice."""
    made = gametes(plants, genetic_map, rng)
    return np.stack([made, made], axis=1)
