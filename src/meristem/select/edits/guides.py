"""Guides of SpCas9 at a variant, with the alleles of the line, and off-target sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import IntArray

SPACER = 20
PAM = "NGG"
CUT = 3
"""Bases between the cut and the PAM."""
WINDOW = (4, 8)
"""Positions of a protospacer that base editors reach, from 1 at its far end."""
FLANK = 30
"""Bases on each side of a variant that are looked at."""

_COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")
_CODE = np.full(256, 4, dtype=np.int8)
for _number, _base in enumerate("ACGT"):
    _CODE[ord(_base)] = _CODE[ord(_base.lower())] = _number


@dataclass(frozen=True)
class Guide:
    """A guide near a variant; positions are bp, 1-based, on the reference."""

    spacer: str  # 20 nt, 5' to 3'
    pam: str  # 3 nt
    strand: str  # "+" or "-"
    cut: int  # last base of the reference before the cut
    distance: int  # bases between variant and cut
    place: int  # of the variant in the protospacer, from 1 at the far end; 0 outside
    edit: str  # "CBE", "ABE", "cut" (with a template, or prime editing)


def reverse_complement(sequence: str) -> str:
    """Return the other strand.

    Examples
    --------
    >>> reverse_complement("AACG")
    'CGTT'
    """
    return sequence.translate(_COMPLEMENT)[::-1]


def line_sequence(
    sequence: str,
    start: int,  # bp, 1-based, of the first base
    position: Sequence[int],
    allele: Sequence[str],
) -> str:
    """Return a stretch of the reference with the alleles of a line (single bases).

    Alleles of more than one base are left out: positions would move.

    Examples
    --------
    >>> line_sequence("AAAA", 11, [12, 40], ["G", "C"])
    'AGAA'
    """
    bases = list(sequence)
    for place, base in zip(position, allele, strict=True):
        if len(base) == 1 and 0 <= place - start < len(bases):
            bases[place - start] = base
    return "".join(bases)


def find_guides(
    sequence: str,  # of the line, around the variant
    start: int,  # bp, 1-based, of the first base
    position: int,  # of the variant
    before: str,  # allele of the line, on the strand of the sequence
    after: str,  # allele wanted
    *,
    most_distance: int = 10,
) -> list[Guide]:
    """Return the guides that cut near a variant or hold it in an editing window.

    Parameters
    ----------
    sequence, start
        The line's own sequence: an allele within a site changes it.
    position, before, after
        The variant and the edit asked for.
    most_distance
        Farthest cut from the variant, bp.

    Returns
    -------
    list of Guide
        Base editing first, then nearest cut first.

    References
    ----------
    Jinek et al. 2012, Science 337:816 (NGG, cut 3 bp from the PAM); Komor et al.
    2016, Nature 533:420 and Gaudelli et al. 2017, Nature 551:464 (windows of base
    editors).

    Examples
    --------
    >>> site = "TTTTT" + "AAACAAAAAAAAAAAAAAAA" + "TGG" + "TTT"
    >>> guide = find_guides(site, 1, 9, "C", "T")[0]
    >>> guide.edit, guide.place, guide.pam, guide.strand
    ('CBE', 4, 'TGG', '+')
    """
    text = sequence.upper()
    n = len(text)
    found = []
    for strand in "+-":
        along = text if strand == "+" else reverse_complement(text)
        for at in range(n - SPACER - len(PAM) + 1):
            pam = along[at + SPACER : at + SPACER + len(PAM)]
            spacer = along[at : at + SPACER]
            if pam[1:] != "GG" or not set(spacer + pam) <= set("ACGT"):
                continue
            guide = _guide(
                (spacer, pam), strand, at, (n, start), position, (before, after)
            )
            if guide.edit != "cut" or guide.distance <= most_distance:
                found.append(guide)
    return sorted(found, key=lambda g: (g.edit == "cut", g.distance, g.strand))


def _guide(
    site: tuple[str, str],
    strand: str,
    at: int,
    stretch: tuple[int, int],
    position: int,
    alleles: tuple[str, str],
) -> Guide:
    n, start = stretch
    offset = position - start
    along = offset if strand == "+" else n - 1 - offset
    place = along - at + 1
    edge = at + SPACER - CUT  # bases of this strand before the cut
    before_cut = edge if strand == "+" else n - edge
    cut = start + before_cut - 1
    distance = max(position - cut - 1, cut - position, 0)
    inside = 1 <= place <= SPACER
    reached = WINDOW[0] <= place <= WINDOW[1]
    before, after = (
        alleles if strand == "+" else tuple(map(reverse_complement, alleles))
    )
    edit = "cut"
    if reached and (before.upper(), after.upper()) == ("C", "T"):
        edit = "CBE"
    elif reached and (before.upper(), after.upper()) == ("A", "G"):
        edit = "ABE"
    return Guide(*site, strand, cut, distance, place if inside else 0, edit)


def own_site(cut: int, strand: str) -> int:
    """Return the first base, on the + strand, of the 23 nt of a guide with this cut."""
    before = SPACER - CUT if strand == "+" else CUT + len(PAM)
    return cut - before + 1


@dataclass(frozen=True)
class OffTargets:
    """Sites of a genome like a guide."""

    guide: IntArray  # (n_site,) number of the guide
    target: NDArray[np.str_]  # (n_site,) 23 nt, 5' to 3'
    contig: NDArray[np.str_]  # (n_site,)
    position: IntArray  # (n_site,) bp, 1-based, of the first base on the + strand
    strand: NDArray[np.str_]  # (n_site,)
    mismatch: IntArray  # (n_site,) 0 is the target itself, or its copies


def find_off_targets(
    genome: dict[str, str],
    guides: Sequence[str],  # spacers of 20 nt
    most_mismatch: int = 4,
) -> OffTargets:
    """Return all sites with an NGG PAM and few mismatches, on both strands.

    Parameters
    ----------
    genome
        Contig to sequence.
    guides
        Spacers.
    most_mismatch
        In the 20 bases of the protospacer.
    """
    codes = np.stack([_encode(guide) for guide in guides])
    rows: list[tuple[int, str, str, int, str, int]] = []
    for contig, sequence in genome.items():
        for strand in "+-":
            along = sequence if strand == "+" else reverse_complement(sequence)
            for guide, at, mismatch in _scan(_encode(along), codes, most_mismatch):
                site = along[at : at + SPACER + len(PAM)].upper()
                first = at if strand == "+" else len(sequence) - at - len(site)
                rows.append((guide, site, contig, first + 1, strand, mismatch))
    rows.sort(key=lambda row: (row[0], row[5], row[2], row[3], row[4]))
    columns = [*zip(*rows, strict=True)] if rows else [()] * 6
    kinds = (np.int64, np.str_, np.str_, np.int64, np.str_, np.int64)
    arrays = [np.array(c, dtype=k) for c, k in zip(columns, kinds, strict=True)]
    return OffTargets(*arrays)


def _encode(sequence: str) -> NDArray[np.int8]:
    return _CODE[np.frombuffer(sequence.encode("ascii", "replace"), np.uint8)]


def _scan(
    genome: NDArray[np.int8],  # (n_base,) 4 unknown
    guides: NDArray[np.int8],  # (n_guide, 20)
    most_mismatch: int,
    block: int = 2_000_000,
) -> Iterator[tuple[int, int, int]]:
    """Yield guide, start and mismatches of every site on one strand."""
    length = SPACER + len(PAM)
    n_site = genome.size - length + 1
    for begin in range(0, max(n_site, 0), block):
        end = min(begin + block, n_site)
        pam = (genome[begin + 21 : end + 21] == 2) & (
            genome[begin + 22 : end + 22] == 2
        )
        starts = begin + np.flatnonzero(pam)
        for number, guide in enumerate(guides):
            differ = np.zeros(starts.size, dtype=np.int8)
            for place in range(SPACER):
                differ += genome[starts + place] != guide[place]
            for row in np.flatnonzero(differ <= most_mismatch).tolist():
                yield number, int(starts[row]), int(differ[row])
