"""Every substitution of a region as a stream of variants: saturation mutagenesis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from meristem.errors import ConfigError
from meristem.io.genotypes.naming import place_name
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.variants.sites import Site

_REGION = re.compile(r"^(.+):([0-9,]+)-([0-9,]+)$")
MOST_BASES = 1_000_000
"""Longest region, bp."""


@dataclass
class RegionStream:
    """All three substitutions of every base of a region.

    Parameters
    ----------
    genome
        The genome.
    contig
        Name in the genome.
    start, end
        The region, bp, 0-based, end excluded.
    """

    genome: Genome
    contig: str
    start: int
    end: int
    n_site: int = 0

    def sites(self) -> Iterator[Site]:
        """Give the substitutions from left to right; unknown bases have none."""
        text = self.genome.text(self.contig, self.start, self.end)
        for place, ref in enumerate(text, start=self.start + 1):
            if ref not in "ACGT":
                continue
            for alt in "ACGT":
                if alt != ref:
                    self.n_site += 1
                    name = place_name(self.contig, place, ref, alt)
                    yield Site(name, self.contig, place, ref, alt, 1, None)


def read_region(text: str, genome: Genome) -> RegionStream:
    """Return the stream of a region written as `contig:first-last` (from 1, both in).

    Raises
    ------
    ConfigError
        If the text is no region, the contig is unknown, or the region lies beyond it
        or is longer than `MOST_BASES`.

    Examples
    --------
    >>> from pathlib import Path
    >>> genome = Genome(Path("g.fa"), {"chr1": 500}, {})
    >>> stream = read_region("chr1:1-100", genome)
    >>> stream.start, stream.end
    (0, 100)
    """
    found = _REGION.match(text)
    if found is None:
        raise ConfigError(
            f"{text!r} is no region",
            where="--region",
            remedy="write contig:first-last, such as chr1:1001-1200",
        )
    contig = found.group(1)
    start, end = (int(found.group(i).replace(",", "")) for i in (2, 3))
    length = genome.length.get(contig)
    if length is None:
        raise ConfigError(
            f"the genome has no contig {contig!r}",
            where="--region",
            remedy=f"use the names of {genome.path}: "
            f"{', '.join(list(genome.length)[:5])}, ...",
        )
    if not 1 <= start <= end <= length or end - start >= MOST_BASES:
        raise ConfigError(
            f"{text} is not within {contig} ({length} bp), or longer than "
            f"{MOST_BASES:,} bp",
            where="--region",
            remedy="give the first and the last base, counted from 1",
        )
    return RegionStream(genome, contig, start - 1, end)
