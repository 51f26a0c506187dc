"""What pairs of lines can combine: whole segments of chromosomes, wanted alleles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.records import FloatArray, Genotypes, IntArray
from meristem.select.crosses.criteria import (
    haplotype_values,
    optimal_haplotype_values,
    optimal_population_value,
    segments,
    stacking_chance,
)
from meristem.select.crosses.progeny import DH_OF_F1, Progeny

Pairs = tuple[IntArray, IntArray]


@dataclass(frozen=True)
class LineSegments:
    """What every segment of lines adds to their value."""

    value: FloatArray  # (n_line, n_segment)
    rest: FloatArray  # (n_line,) the value less that of its segments

    def best_of(self, pairs: Pairs) -> FloatArray:  # (n_cross,)
        """Return the value of the best line of whole segments of each pair (OHV)."""
        rest = (self.rest[pairs[0]] + self.rest[pairs[1]]) / 2
        return rest + optimal_haplotype_values(self.value, pairs)

    def best_of_all(self, pairs: Pairs) -> float:
        """Return the value of the best line of segments of all parents (OPV)."""
        rows = np.unique(np.concatenate(pairs))
        best = optimal_population_value(self.value, rows)
        return float(self.rest[rows].mean()) + best


def line_segments(
    calls: NDArray,  # (n_line, n_variant) in the order of the model, -1 missing
    effect: FloatArray,  # (n_variant,) of one copy
    mean: FloatArray,  # (n_variant,) dosage of a missing call
    value: FloatArray,  # (n_line,)
    placed: PlacedVariants,
    per_chromosome: int,
) -> LineSegments:
    """Return what segments of equal length in Morgan add to the value of lines."""
    order = placed.order
    segment = segments(placed.genetic_map, per_chromosome)
    parts = haplotype_values(calls[:, order], effect[order], segment, mean[order])
    return LineSegments(parts, value - parts.sum(axis=1))


def refuse_other_progeny(progeny: Progeny | None, where: str) -> None:
    """Refuse wanted alleles in progeny that are not gametes of the F1.

    Raises
    ------
    ConfigError
        If the progeny are not doubled haploids of it.
    """
    if progeny != DH_OF_F1:
        raise ConfigError(
            "the chance of stacking alleles is told of doubled haploids of the F1",
            where=where,
            remedy="use progeny dh, generation 1, without intermating",
        )


def stacking_chances(
    lines: Genotypes,  # inbred, variants in the order of the model
    placed: PlacedVariants,
    wanted: Mapping[str, str],  # variant -> allele
    pairs: Pairs,
    where: str,
) -> FloatArray:  # (n_cross,) NaN where a call that matters is missing
    """Return the chance that one doubled haploid of each F1 has all wanted alleles.

    Raises
    ------
    ConfigError
        If a variant is not in the model, or an allele is not one of its two.
    """
    variants = lines.variants
    row = {name: k for k, name in enumerate(variants.variant_id.tolist())}
    place = np.empty(placed.order.size, dtype=np.int64)
    place[placed.order] = np.arange(placed.order.size)
    found = []
    for name, allele in wanted.items():
        if name not in row:
            raise ConfigError(
                f"{name} is no variant of the model",
                where=where,
                remedy="name variants as in the genotypes of the run",
            )
        at = row[name]
        # a table of dosages alone does not tell the alleles
        two = variants.variant_ref[at] or "ref", variants.variant_alt[at] or "alt"
        if allele not in two:
            raise ConfigError(
                f"{allele!r} is no allele of {name}",
                where=where,
                remedy=f"use {two[0]} or {two[1]}",
            )
        found.append((int(place[at]), at, lines.ploidy if allele == two[1] else 0))
    found.sort()
    loci, columns, copies = (np.array(part) for part in zip(*found, strict=True))
    calls = lines.call_dosage[:, columns]
    carries = calls == copies
    unknown = np.asarray((calls < 0).any(axis=1))
    carried = np.stack([carries[pairs[0]], carries[pairs[1]]], axis=2)
    chance = stacking_chance(
        carried, placed.genetic_map.morgan[loci], placed.genetic_map.chromosome[loci]
    )
    chance[unknown[pairs[0]] | unknown[pairs[1]]] = np.nan
    return chance
