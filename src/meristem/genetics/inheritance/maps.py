"""Genetic maps: where loci lie in Morgan, and how often two of them stay together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError, DataError
from meristem.genetics.contigs import match_contigs
from meristem.records import FloatArray, IntArray, StrArray, VariantTable

MapFunction = Literal["haldane", "kosambi"]
"""How map distance becomes recombination."""

CM_PER_MORGAN = 100.0
SHORT_CM = 10.0
"""A map without a longer chromosome is of a small region, or in Morgan."""
LEAST_RATE = 0.05
"""cM per Mb; over whole chromosomes even wheat has four times as much."""
BP_PER_MB = 1e6


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

    @property
    def chromosomes(self) -> tuple[slice, ...]:
        """The loci of each chromosome, as a slice."""
        start = np.flatnonzero(self.starts_chromosome)
        stop = np.append(start[1:], self.n_locus)
        return tuple(
            slice(int(a), int(b)) for a, b in zip(start, stop, strict=True) if b > a
        )

    def take(self, index: NDArray) -> GeneticMap:
        """Return the loci at `index`, which keeps their order."""
        return GeneticMap(self.chromosome[index], self.morgan[index])


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


def transmission_correlation(
    distance: FloatArray,  # Morgan, >= 0
    function: MapFunction = "haldane",
) -> FloatArray:  # of the same shape, 0 to 1
    """Return rho = 1 - 2 c, how often two loci of a chromosome pass on together.

    References
    ----------
    Haldane 1919, J Genet 8:299 (no interference): rho = exp(-2 d).
    Kosambi 1944, Ann Eugen 12:172: rho = 1 - tanh(2 d); over adjacent intervals these
    do not multiply.

    Examples
    --------
    >>> transmission_correlation(np.array([0.0, 0.2])).round(4)
    array([1.    , 0.6703])
    >>> transmission_correlation(np.array([0.2]), "kosambi").round(4)
    array([0.6201])
    """
    if function == "haldane":
        return np.exp(-2 * distance)
    if function == "kosambi":
        return 1 - np.tanh(2 * distance)
    raise ConfigError(
        f"there is no map function called {function!r}",
        remedy=f"use one of: {', '.join(get_args(MapFunction))}",
    )


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


@dataclass(frozen=True)
class MapPoints:
    """Loci of a map as they stand in its file, in any order."""

    name: StrArray  # (n_point,) ids of variants, "" where not given
    contig: StrArray  # (n_point,) "" where not given
    position: IntArray  # (n_point,) bp, 1-based; 0 where not given
    centimorgan: FloatArray  # (n_point,)
    source: str = ""


@dataclass(frozen=True)
class PlacedVariants:
    """Variants in the order of a genetic map."""

    order: IntArray  # (n_variant,) positions in the table of variants
    genetic_map: GeneticMap  # of the variants in that order
    n_interpolated: int  # placed between points of the map by their bp
    n_unplaced: int  # taken as unlinked to every other
    n_elsewhere: int = 0  # on another chromosome in the map than in the genotypes

    @property
    def line(self) -> str:
        """What became of the variants, in one line of text."""
        n = self.order.size
        parts = [f"{n - self.n_interpolated - self.n_unplaced} of {n} variants mapped"]
        if self.n_interpolated:
            parts.append(f"{self.n_interpolated} placed by bp between them")
        if self.n_unplaced:
            parts.append(f"{self.n_unplaced} without a place, taken as unlinked")
        if self.n_elsewhere:
            parts.append(
                f"{self.n_elsewhere} on another chromosome than in the genotypes"
            )
        longest = CM_PER_MORGAN * float(np.ptp(self.genetic_map.morgan))
        if n > self.n_unplaced and longest < SHORT_CM:
            parts.append(
                f"no chromosome longer than {longest:.3g} cM: if the map is in "
                "Morgan, multiply by 100"
            )
        return ", ".join(parts)


def place_by_rate(variants: VariantTable, cm_per_mb: float) -> PlacedVariants:
    """Return variants on a map of one recombination rate everywhere.

    Parameters
    ----------
    variants
        Those without contig or position are taken as unlinked.
    cm_per_mb
        Centimorgan per megabase, above 0.

    Raises
    ------
    DataError
        If no variant has a contig and a position.

    Examples
    --------
    >>> blank = np.array(["", ""])
    >>> table = VariantTable(np.array(["b", "a"]), np.array(["1", "1"]),
    ...     np.array([3_000_001, 1_000_001]), blank, blank)
    >>> placed = place_by_rate(table, 1.5)
    >>> placed.order.tolist(), placed.genetic_map.morgan.round(3).tolist()
    ([1, 0], [0.015, 0.045])
    """
    known = (variants.variant_contig != "") & (variants.variant_position > 0)
    if not known.any():
        raise DataError(
            "no variant has a contig and a position, so that nothing is known of "
            "their linkage",
            remedy="give a genetic map that names the variants (--map, or crosses.map "
            "of a plan)",
        )
    place = variants.variant_position.astype(np.float64)
    morgan = np.where(known, place * (cm_per_mb / BP_PER_MB / CM_PER_MORGAN), np.nan)
    return _sorted_by_place(variants.variant_contig, morgan, 0)


def place_by_points(
    variants: VariantTable,
    points: MapPoints,
    *,
    most_unplaced: float = 0.5,
) -> PlacedVariants:
    """Return variants on a map given by points: by id, else by bp between points.

    Beyond the first and the last point of a contig the nearest rate goes on.

    Parameters
    ----------
    variants
        What is placed.
    points
        The map; ids where it names variants, contig and bp where it does not.
    most_unplaced
        Share of the variants that may stay without a place; they are taken as
        unlinked.

    Raises
    ------
    DataError
        If more variants are not found, cM decrease along the bp of a contig, or
        the lengths are those of a map in Morgan.
    """
    n = variants.n_variant
    morgan: FloatArray = np.full(n, np.nan)
    row = {name: k for k, name in enumerate(points.name.tolist()) if name}
    found = np.array([row.get(name, -1) for name in variants.variant_id.tolist()])
    by_id = found >= 0
    morgan[by_id] = points.centimorgan[found[by_id]] / CM_PER_MORGAN
    # one name for a chromosome that both sides know: that of the map
    ours, theirs = (
        [name for name in dict.fromkeys(side.tolist()) if name]
        for side in (variants.variant_contig, points.contig)
    )
    partner = match_contigs(ours, theirs).partner
    own = np.array([partner.get(c, c) for c in variants.variant_contig.tolist()])
    named = np.where(by_id, points.contig[found], "")
    contig = np.where(named != "", named, own)
    n_interpolated = _interpolate(variants, points, morgan)
    placed = replace(
        _sorted_by_place(contig, morgan, n_interpolated),
        n_elsewhere=int(((own != "") & (contig != own)).sum()) if partner else 0,
    )
    _refuse_morgan(variants, contig, morgan, points.source)
    if placed.n_unplaced > most_unplaced * n:
        raise DataError(
            f"places {n - placed.n_unplaced} of {n} variants",
            where=points.source,
            remedy="name the variants as in the genotypes, or give contig and bp of "
            "every point",
        )
    return placed


def _refuse_morgan(
    variants: VariantTable,
    contig: StrArray,  # (n_variant,)
    morgan: FloatArray,  # (n_variant,)
    source: str,
) -> None:
    """Refuse a map whose chromosomes recombine a hundredth as much as any species'."""
    known = ~np.isnan(morgan) & (variants.variant_position > 0) & (contig != "")
    cm, mb, longest = 0.0, 0.0, 0.0
    for name in np.unique(contig[known]):
        rows = known & (contig == name)
        length = CM_PER_MORGAN * float(np.ptp(morgan[rows]))
        cm, longest = cm + length, max(longest, length)
        mb += float(np.ptp(variants.variant_position[rows])) / BP_PER_MB
    if longest < SHORT_CM and mb > SHORT_CM and 0 < cm < LEAST_RATE * mb:
        raise DataError(
            f"places {mb:,.0f} Mb on {cm:.3g} cM: it seems to be in Morgan",
            where=source,
            remedy="write the places in cM (Morgan times 100)",
        )


def _interpolate(variants: VariantTable, points: MapPoints, morgan: FloatArray) -> int:
    """Place variants without cM by bp, in `morgan`; return how many were."""
    known = (points.contig != "") & (points.position > 0)
    open_ = np.isnan(morgan) & (variants.variant_position > 0)
    open_ &= variants.variant_contig != ""
    if not (known.any() and open_.any()):
        return 0
    partner = match_contigs(
        variants.variant_contig[open_].tolist(), points.contig[known].tolist()
    ).partner
    n_placed = 0
    for name, theirs in partner.items():
        rows = np.flatnonzero(open_ & (variants.variant_contig == name))
        on = np.flatnonzero(known & (points.contig == theirs))
        on = on[np.lexsort((points.centimorgan[on], points.position[on]))]
        bp, cm = points.position[on].astype(float), points.centimorgan[on]
        if (np.diff(cm) < 0).any():
            raise DataError(
                f"cM decrease along the bp of contig {theirs}",
                where=points.source,
                remedy="sort out the points, or use positions of one assembly",
            )
        morgan[rows] = _along(variants.variant_position[rows], bp, cm) / CM_PER_MORGAN
        n_placed += rows.size
    return n_placed


def _along(position: IntArray, bp: FloatArray, cm: FloatArray) -> FloatArray:
    """Return cM at positions: linear between points, the mean rate beyond them."""
    inside = np.interp(position, bp, cm)
    length = bp[-1] - bp[0]
    rate = (cm[-1] - cm[0]) / length if length > 0 else 0.0
    before = np.minimum(position - bp[0], 0) * rate
    behind = np.maximum(position - bp[-1], 0) * rate
    return inside + before + behind


def _sorted_by_place(
    contig: StrArray,  # (n_variant,)
    morgan: FloatArray,  # (n_variant,) NaN where unknown
    n_interpolated: int,
) -> PlacedVariants:
    unplaced = np.isnan(morgan)
    _, chromosome = np.unique(contig, return_inverse=True)
    chromosome = chromosome.astype(np.int64)
    chromosome[unplaced] = chromosome.max(initial=0) + 1 + np.arange(unplaced.sum())
    place = np.where(unplaced, 0.0, morgan)
    order = np.lexsort((place, chromosome))
    _, ascending = np.unique(chromosome[order], return_inverse=True)
    return PlacedVariants(
        order,
        GeneticMap(ascending.astype(np.int64), place[order]),
        n_interpolated,
        int(unplaced.sum()),
    )
