"""Founders, mosaics and meiosis: haplotypes with linkage, as int8 of 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray, VariantTable

Haplotypes = NDArray[np.int8]

BP_PER_MORGAN = 100_000_000
"""One megabase per centimorgan."""


@dataclass(frozen=True)
class GeneticMap:
    """Where the loci lie, chromosome by chromosome, in order."""

    chromosome: IntArray  # (n_locus,) from 0, ascending
    morgan: FloatArray  # (n_locus,) from the start of the chromosome, ascending

    @property
    def n_locus(self) -> int:
        """Number of loci."""
        return int(self.chromosome.size)

    @property
    def starts_chromosome(self) -> NDArray[np.bool_]:  # (n_locus,)
        """Which loci are the first of their chromosome."""
        first = np.ones(self.n_locus, dtype=bool)
        first[1:] = np.diff(self.chromosome) != 0
        return first


def even_map(n_chromosome: int, n_locus: int, morgan: float = 1.0) -> GeneticMap:
    """Return `n_locus` loci spread evenly over chromosomes of `morgan` length.

    Loci that do not divide evenly go to the first chromosomes.

    Examples
    --------
    >>> even_map(2, 5).chromosome.tolist()
    [0, 0, 0, 1, 1]
    """
    size = np.full(n_chromosome, n_locus // n_chromosome)
    size[: n_locus % n_chromosome] += 1
    chromosome = np.repeat(np.arange(n_chromosome), size)
    place = [(np.arange(n) + 0.5) / n * morgan for n in size if n]
    return GeneticMap(chromosome, np.concatenate(place) if place else np.empty(0))


def recombination_chance(genetic_map: GeneticMap) -> FloatArray:  # (n_locus,)
    """Return the chance of an odd number of crossovers before each locus.

    One half at the start of a chromosome; else by the map function of Haldane
    (1919), r = (1 - exp(-2 d)) / 2, that is without interference.
    """
    chance = np.full(genetic_map.n_locus, 0.5)
    distance = np.abs(np.diff(genetic_map.morgan))
    haldane = 0.5 * (1.0 - np.exp(-2.0 * distance))
    first = genetic_map.starts_chromosome
    chance[1:] = np.where(first[1:], 0.5, haldane)
    return chance


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
    crossed = rng.random((parents.shape[0], parents.shape[2]))
    strand = np.cumsum(crossed < recombination_chance(genetic_map), axis=1) % 2
    return np.where(strand == 0, parents[:, 0], parents[:, 1])


def mosaics(
    sources: Haplotypes,  # (n_source, n_locus)
    n: int,
    tract: float,
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> Haplotypes:  # (n, n_locus)
    """Return haplotypes that copy the sources in tracts of geometric length.

    Parameters
    ----------
    sources
        Haplotypes to copy; a new one is drawn at random for each tract.
    n
        How many to make.
    tract
        Mean length of a tract in loci, at least 1; tracts end with the chromosome.
    genetic_map
        The loci.
    rng
        The only source of randomness.
    """
    first = genetic_map.starts_chromosome
    made = np.empty((n, sources.shape[1]), dtype=np.int8)
    columns = np.arange(sources.shape[1])
    for row in made:  # row by row, to hold one row of indices and not all
        starts = np.flatnonzero(first | (rng.random(columns.size) < 1.0 / tract))
        length = np.diff(np.append(starts, columns.size))
        source = np.repeat(rng.integers(0, sources.shape[0], starts.size), length)
        row[:] = sources[source, columns]
    return made


def random_haplotypes(
    n: int,
    n_locus: int,
    rng: np.random.Generator,
) -> Haplotypes:  # (n, n_locus)
    """Return haplotypes of independent loci, every locus carried by some, not all.

    The frequency of the alternate allele is uniform over 1/n ... (n - 1)/n.
    """
    carriers = rng.integers(1, n, n_locus)  # (n_locus,)
    rank = np.argsort(rng.random((n, n_locus)), axis=0)
    return (rank < carriers).astype(np.int8)


def variant_table(genetic_map: GeneticMap, prefix: str = "snp") -> VariantTable:
    """Return a variant table for a map, 1 Mb per centimorgan, alleles A and G."""
    n = genetic_map.n_locus
    return VariantTable(
        variant_id=np.array([f"{prefix}_{i + 1}" for i in range(n)], dtype=np.str_),
        variant_contig=(genetic_map.chromosome + 1).astype(np.str_),
        variant_position=1
        + np.rint(genetic_map.morgan * BP_PER_MORGAN).astype(np.int64),
        variant_ref=np.full(n, "A"),
        variant_alt=np.full(n, "G"),
    )
