"""Founders and mosaics: haplotypes with linkage, as int8 of 0 and 1."""

from __future__ import annotations

import numpy as np

from meristem.genetics.inheritance.maps import GeneticMap
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.records import VariantTable

BP_PER_MORGAN = 100_000_000
"""One megabase per centimorgan."""


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
