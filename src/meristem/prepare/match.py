"""Bring genotypes to another variant table: by name, else by place and alleles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.comparable import few_calls_line
from meristem.genetics.contigs import match_contigs
from meristem.records import MISSING, Genotypes, IntArray, StrArray, VariantTable

FEWEST_FLIPPED = 10
MIXED = 0.1
"""Strands are looked at where so many and such a share of variants are flipped."""

_COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")


@dataclass(frozen=True)
class MatchReport:
    """How many of the wanted variants were found, and what was done to them."""

    n_wanted: int
    n_by_id: int
    n_by_place: int
    n_swapped: int  # dosage counts the other allele: replaced by ploidy - dosage
    n_flipped: int  # alleles read on the other strand
    n_ambiguous: int  # A/T or C/G: the strand cannot be told, taken as it stands
    n_other_alleles: int  # same id or place, but other alleles: left missing
    n_moved: int  # same id, but both files give a place and these differ
    n_unstranded: int = 0  # A/T or C/G where others are read on either strand: missing
    few_calls: tuple[str, ...] = ()  # samples with less than half of the variants

    @property
    def n_matched(self) -> int:
        """Number of wanted variants found."""
        return self.n_by_id + self.n_by_place

    @property
    def n_missing(self) -> int:
        """Number of wanted variants not found, or found with other alleles."""
        return self.n_wanted - self.n_matched

    @property
    def line(self) -> str:
        """The counts in one line of text."""
        parts = [f"{self.n_matched} of {self.n_wanted} variants matched"]
        words = {
            "by contig and position": self.n_by_place,
            "by id though at another position": self.n_moved,
            "with alleles exchanged": self.n_swapped,
            "read on the other strand": self.n_flipped,
            "A/T or C/G, strand not checked": self.n_ambiguous,
            "A/T or C/G left out, as strands are mixed": self.n_unstranded,
            "left out for other alleles": self.n_other_alleles,
            "missing, imputed": self.n_missing,
        }
        parts += [f"{n} {word}" for word, n in words.items() if n]
        if self.few_calls:
            parts.append(few_calls_line(self.few_calls))
        return ", ".join(parts)

    def to_json(self) -> dict[str, int]:
        """Return the counts as plain values."""
        names = (
            "by_id by_place moved swapped flipped ambiguous unstranded other_alleles "
            "missing"
        ).split()
        counts = {name: int(getattr(self, f"n_{name}")) for name in names}
        few = {"few_calls": len(self.few_calls)}
        return {"wanted": self.n_wanted, "matched": self.n_matched, **counts, **few}


def align_variants(
    genotypes: Genotypes,
    variants: VariantTable,
    min_overlap: float = 0.0,
) -> Genotypes:
    """Return the genotypes with exactly the wanted variants, in their order.

    `match_variants` without its report.

    Examples
    --------
    >>> import numpy as np
    >>> def table(ids, ref, alt):
    ...     n = len(ids)
    ...     return VariantTable(np.array(ids), np.array(["1"] * n),
    ...         np.arange(1, n + 1), np.array(ref), np.array(alt))
    >>> given = Genotypes(np.array(["x"]), table(["a", "b"], ["A", "A"], ["G", "C"]),
    ...     np.array([[2, 1]], dtype=np.int8))
    >>> wanted = table(["a", "z"], ["G", "T"], ["A", "C"])
    >>> align_variants(given, wanted).call_dosage.tolist()
    [[0, -1]]
    """
    if _same_table(genotypes.variants, variants):
        return genotypes
    return match_variants(genotypes, variants, min_overlap)[0]


def match_variants(
    genotypes: Genotypes,
    variants: VariantTable,
    min_overlap: float = 0.0,
) -> tuple[Genotypes, MatchReport]:
    """Bring genotypes to the wanted variants and say how they were matched.

    By id first; else by contig (matched by `match_contigs`, as those of genes),
    position and alleles. Alleles may be exchanged, or read on the other strand, or
    both. With A/T and C/G the strand cannot be told from the alleles: the other
    variants tell it. Where all but a tenth of them are on one strand, so are these;
    where strands are mixed they stay missing; where nothing tells it they are taken
    as they stand, and counted. Unknown alleles ("") agree with any. A variant whose
    id or place is found with other alleles stays missing.

    Parameters
    ----------
    genotypes
        What is given.
    variants
        What is wanted, for example the variants of the training data.
    min_overlap
        Share of the wanted variants that must be found.

    Returns
    -------
    Genotypes
        Dosage of the wanted alternate allele; missing where a variant is not found.
    MatchReport
        The counts.

    Raises
    ------
    DataError
        If none, or fewer than `min_overlap`, of the wanted variants are found.
    """
    source, swap, report = _find(genotypes.variants, variants)
    needed = max(int(np.ceil(min_overlap * variants.n_variant)), 1)
    if variants.n_variant and report.n_matched < needed:
        mixed = report.n_unstranded
        raise DataError(
            f"only {report.n_matched} of {variants.n_variant} variants are found "
            f"({report.n_other_alleles} more have other alleles"
            + (f", {mixed} are A/T or C/G where strands are mixed" if mixed else "")
            + f"); at least {needed} are needed",
            where=genotypes.source,
            remedy="genotype the same markers, give the same variant ids, or lower "
            "`predict.min_overlap`",
        )
    found = np.flatnonzero(source >= 0)
    once = np.unique(source).size == source.size
    if found.size == variants.n_variant and once and not swap.any():
        # nothing is filled in, exchanged or doubled: dosages on disk stay there
        return replace(genotypes.take_variants(source), variants=variants), report
    shape = (genotypes.n_sample, variants.n_variant)

    def matched(calls: NDArray[np.int8], copies: int) -> NDArray[np.int8]:
        out = np.full(shape, MISSING, dtype=np.int8)
        out[:, found] = calls[:, source[found]]
        swapped = out[:, swap]
        exchanged = (copies - swapped).astype(np.int8)
        out[:, swap] = np.where(swapped == MISSING, np.int8(MISSING), exchanged)
        return out

    first = genotypes.first_gamete
    aligned = Genotypes(
        genotypes.sample_id,
        variants,
        matched(genotypes.call_dosage, genotypes.ploidy),
        genotypes.ploidy,
        genotypes.source,
        None if first is None else matched(first, genotypes.ploidy // 2),
    )
    return aligned, report


def _find(
    given: VariantTable, wanted: VariantTable
) -> tuple[IntArray, NDArray[np.bool_], MatchReport]:
    """Return position (-1 missing) and exchange of each wanted variant, and counts."""
    source = pd.Index(given.variant_id).get_indexer(pd.Index(wanted.variant_id))
    source = source.astype(np.int64)
    swap = np.zeros(wanted.n_variant, dtype=bool)
    have, want = _alleles(given), _alleles(wanted)
    hit = np.flatnonzero(source >= 0)
    same = np.zeros(wanted.n_variant, dtype=bool)
    same[hit] = (have[0][source[hit]] == want[0][hit]) & (
        have[1][source[hit]] == want[1][hit]
    )
    # What has the same id and alleles is done; the rest is looked at one by one.
    places = _places(wanted, wanted) if hit.size < wanted.n_variant else []
    by_place = _index(_places(given, wanted)) if hit.size < wanted.n_variant else {}
    n_other = 0
    flipped, placed = np.zeros((2, wanted.n_variant), dtype=bool)
    for i in np.flatnonzero(~same).tolist():
        candidates = [int(source[i])] if source[i] >= 0 else by_place.get(places[i], [])
        by_id = bool(source[i] >= 0)
        pair = (str(want[0][i]), str(want[1][i]))
        answers = [
            (how, j)
            for j in candidates
            if (how := compare_alleles((str(have[0][j]), str(have[1][j])), pair))
        ]
        source[i] = -1
        if not answers:
            n_other += bool(candidates)
            continue
        # Several variants at one place: alleles as they stand win over exchanged.
        how, source[i] = min(answers)
        swap[i], flipped[i], placed[i] = how.swap, how.flip, not by_id
    there = (have[0][source], have[1][source])
    ambiguous = _ambiguous(*want) & _ambiguous(*there) & (source >= 0)
    strand = _strand(flipped, ambiguous, (source >= 0) & _known(want) & _known(there))
    if strand == "other":
        swap ^= ambiguous
        flipped |= ambiguous
    elif strand == "mixed":
        source[ambiguous] = -1
        swap &= ~ambiguous
        placed &= ~ambiguous
    found = source >= 0
    n_ambiguous = int(ambiguous.sum())
    report = MatchReport(
        n_wanted=wanted.n_variant,
        n_by_id=int((found & ~placed).sum()),
        n_by_place=int(placed.sum()),
        n_swapped=int(swap.sum()),
        n_flipped=int(flipped.sum()),
        n_ambiguous=n_ambiguous if strand == "same" else 0,
        n_other_alleles=n_other,
        n_moved=_count_moved(given, wanted, source),
        n_unstranded=n_ambiguous if strand == "mixed" else 0,
    )
    return source, swap, report


def _strand(
    flipped: NDArray[np.bool_],  # (n_variant,)
    ambiguous: NDArray[np.bool_],  # (n_variant,)
    known: NDArray[np.bool_],  # (n_variant,) found, all four alleles known
) -> Literal["same", "other", "mixed"]:
    """Return the strand that the variants whose alleles tell it are read on."""
    n_flipped = int(flipped.sum())
    share = n_flipped / max(int((known & ~ambiguous).sum()), 1)
    if n_flipped < FEWEST_FLIPPED or share < MIXED:
        return "same"
    return "other" if share > 1 - MIXED else "mixed"


def _known(alleles: tuple[StrArray, StrArray]) -> NDArray[np.bool_]:  # (n_variant,)
    return (alleles[0] != "") & (alleles[1] != "")


@dataclass(frozen=True, order=True)
class AlleleAnswer:
    """What turns the given alleles into the wanted ones; the least comes first."""

    flip: bool
    swap: bool


def compare_alleles(
    given: tuple[str, str], wanted: tuple[str, str]
) -> AlleleAnswer | None:
    """Return how two pairs (reference, alternate) of alleles agree, None if not.

    Examples
    --------
    >>> compare_alleles(("A", "G"), ("C", "T"))
    AlleleAnswer(flip=True, swap=True)
    >>> compare_alleles(("A", "T"), ("T", "A"))
    AlleleAnswer(flip=False, swap=True)
    >>> compare_alleles(("A", "G"), ("A", "C")) is None
    True
    """
    if "" in given + wanted:
        return _compare_unknown(given, wanted)
    if given == wanted:
        return AlleleAnswer(flip=False, swap=False)
    if given == wanted[::-1]:
        return AlleleAnswer(flip=False, swap=True)
    other_strand = (_other_strand(given[0]), _other_strand(given[1]))
    if other_strand == wanted:
        return AlleleAnswer(flip=True, swap=False)
    if other_strand == wanted[::-1]:
        return AlleleAnswer(flip=True, swap=True)
    return None


def _compare_unknown(
    given: tuple[str, str], wanted: tuple[str, str]
) -> AlleleAnswer | None:
    """Compare the alleles both sides know, on one strand."""
    for swap, other in ((False, wanted), (True, wanted[::-1])):
        known = [(a, b) for a, b in zip(given, other, strict=True) if a and b]
        if all(a == b for a, b in known) and (known or not swap):
            return AlleleAnswer(flip=False, swap=swap)
    return None


def _ambiguous(ref: StrArray, alt: StrArray) -> NDArray[np.bool_]:  # (n_variant,)
    """Return which pairs of alleles are each other's complement: A/T or C/G."""
    pair = np.char.add(ref, alt)
    return np.isin(pair, ["AT", "TA", "CG", "GC"])


def _other_strand(allele: str) -> str:
    return allele.translate(_COMPLEMENT)[::-1]


def _same_table(one: VariantTable, two: VariantTable) -> bool:
    names = ("id", "contig", "position", "ref", "alt")
    return one is two or all(
        np.array_equal(getattr(one, f"variant_{name}"), getattr(two, f"variant_{name}"))
        for name in names
    )


def _alleles(table: VariantTable) -> tuple[StrArray, StrArray]:
    return np.char.upper(table.variant_ref), np.char.upper(table.variant_alt)


Place = tuple[str, int]  # contig, bp


def _index(places: list[Place | None]) -> dict[Place | None, list[int]]:
    index: dict[Place | None, list[int]] = {}
    for i, place in enumerate(places):
        if place is not None:
            index.setdefault(place, []).append(i)
    return index


def _partners(table: VariantTable, wanted: VariantTable) -> Mapping[str, str]:
    """Return contig of the table -> contig of the wanted variants."""
    given, named = (
        [name for name in dict.fromkeys(names.tolist()) if name]
        for names in (table.variant_contig, wanted.variant_contig)
    )
    return match_contigs(given, named).partner


def _places(table: VariantTable, wanted: VariantTable) -> list[Place | None]:
    """Return contig, as `wanted` names it, and position; None where unknown."""
    contigs = table.variant_contig.tolist()
    partner = _partners(table, wanted)
    return [
        (partner[contig], position) if contig in partner and position > 0 else None
        for contig, position in zip(
            contigs, table.variant_position.tolist(), strict=True
        )
    ]


def _count_moved(given: VariantTable, wanted: VariantTable, source: IntArray) -> int:
    """Return how many variants of the same id have other positions or contigs."""
    found = np.flatnonzero(source >= 0)
    theirs = given.variant_position[source[found]]
    ours = wanted.variant_position[found]
    moved = (theirs > 0) & (ours > 0) & (theirs != ours)
    partner = _partners(given, wanted)
    there = given.variant_contig[source[found]].tolist()
    here = wanted.variant_contig[found].tolist()
    pairs = zip(there, here, strict=True)
    if partner:
        away = [bool(a and b) and partner.get(a) != b for a, b in pairs]
        moved |= np.array(away, dtype=bool)
    return int(moved.sum())
