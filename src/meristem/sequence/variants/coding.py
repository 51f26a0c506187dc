"""What a change of bases does to a transcript: splice sites, codons, start and stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.transcripts import Transcript
from meristem.sequence.variants.amino_acids import translate
from meristem.sequence.variants.terms import join_terms

SHORTEST_INTRON = 13
"""Shorter gaps between exons are corrections of the frame, not spliced."""
_SITE = 2  # bases of an intron that splicing needs at either end
_REGION_EXON, _REGION_INTRON = 3, 8


class Edit(NamedTuple):
    """Bases of a coding sequence, in its direction, replaced by others."""

    start: int  # 0-based in the coding sequence
    end: int
    alt: str


class Consequence(NamedTuple):
    """What one change does to one transcript."""

    terms: str  # joined, the most severe first
    cds_position: str = ""  # 1-based; 3-4: inserted between
    protein_position: str = ""
    amino_acids: str = ""  # K/E; one where both are alike
    codons: str = ""  # aAg/gAg, changed bases in capitals
    edit: Edit | None = None  # where the change lies within the coding sequence


@dataclass(frozen=True)
class CodingTranscript:
    """A transcript with its spliced coding sequence, read along its strand."""

    transcript: Transcript
    sequence: str  # empty: not coding
    before: str  # up to 300 bases in front of the coding sequence, on the genome
    offsets: tuple[int, ...]  # bases of `sequence` in front of each part, ascending

    @property
    def skip(self) -> int:
        """Bases before the first whole codon."""
        return self.transcript.skip


def read_coding(transcript: Transcript, genome: Genome) -> CodingTranscript:
    """Return a transcript with its coding sequence."""
    spans = transcript.cds
    if not spans:
        return CodingTranscript(transcript, "", "", ())
    parts = [genome.text(transcript.contig, *span) for span in spans]
    offsets, n = [], 0
    for part in parts:
        offsets.append(n)
        n += len(part)
    sequence = "".join(parts)
    first, last = spans[0][0], spans[-1][1]
    if transcript.strand > 0:
        before = genome.text(transcript.contig, max(0, first - 300), first)
    else:
        sequence = complement_strand(sequence)
        before = complement_strand(genome.text(transcript.contig, last, last + 300))
    return CodingTranscript(transcript, sequence, before, tuple(offsets))


def describe(
    coding: CodingTranscript,
    start: int,  # bp, 0-based
    ref: str,
    alt: str,
) -> Consequence:
    """Return what the change does to a transcript that it touches.

    Parameters
    ----------
    coding
        The transcript.
    start, ref, alt
        The change on the forward strand, without bases that both alleles share at
        their ends; `ref` is empty for an insertion in front of `start`.

    Returns
    -------
    Consequence
        Terms of the Sequence Ontology and the change of codons and amino acids.
    """
    transcript = coding.transcript
    end = start + len(ref)
    if len(ref) > 0 and start <= transcript.start and end >= transcript.end:
        return Consequence("transcript_ablation")
    terms = _splice_terms(transcript, start, end)
    edit = _edit_of(coding, start, end, alt)
    if edit is not None:
        found = describe_edits(coding, [edit])
        return found._replace(
            terms=join_terms([*found.terms.split(","), *terms]), edit=edit
        )
    terms += _boundary_terms(coding, start, end, alt)
    return Consequence(join_terms(terms or ["intron_variant"]))


def _overlaps(start: int, end: int, span: tuple[int, int]) -> bool:
    """Whether a change touches a span; an insertion must lie within it."""
    if start == end:
        return span[0] < start < span[1]
    return start < span[1] and end > span[0]


def _splice_terms(transcript: Transcript, start: int, end: int) -> list[str]:
    terms = []
    forward = transcript.strand > 0
    for left, right in transcript.introns:
        if right - left < SHORTEST_INTRON:
            continue
        near = (left - _REGION_EXON, right + _REGION_EXON)
        if not _overlaps(start, end, near):
            continue
        first = _overlaps(start, end, (left, left + _SITE))
        last = _overlaps(start, end, (right - _SITE, right))
        if first:
            terms.append("splice_donor" if forward else "splice_acceptor")
        if last:
            terms.append("splice_acceptor" if forward else "splice_donor")
        regions = (
            (left - _REGION_EXON, left),
            (left + _SITE, left + _REGION_INTRON),
            (right - _REGION_INTRON, right - _SITE),
            (right, right + _REGION_EXON),
        )
        at_edge = start == end and start in (
            left,
            left + _SITE,
            right - _SITE,
            right,
        )
        if not (first or last) and (
            at_edge or any(_overlaps(start, end, span) for span in regions)
        ):
            terms.append("splice_region")
    return [f"{term}_variant" for term in terms]


def _edit_of(coding: CodingTranscript, start: int, end: int, alt: str) -> Edit | None:
    """Return the change in the coding sequence; None if it is not within one part."""
    for span, offset in zip(coding.transcript.cds, coding.offsets, strict=True):
        within = span[0] <= start and end <= span[1]
        if start == end:
            within = span[0] < start < span[1]
        if within:
            first, last = offset + start - span[0], offset + end - span[0]
            if coding.transcript.strand > 0:
                return Edit(first, last, alt)
            n = len(coding.sequence)
            return Edit(n - last, n - first, complement_strand(alt))
    return None


def _boundary_terms(
    coding: CodingTranscript, start: int, end: int, alt: str
) -> list[str]:
    """Return the terms of a change that is not within one coding part."""
    transcript = coding.transcript
    terms = []
    introns = [i for i in transcript.introns if i[1] - i[0] >= SHORTEST_INTRON]
    if any(_overlaps(start, end, span) for span in introns):
        terms.append("intron_variant")
    exonic = any(_overlaps(start, end, span) for span in transcript.exons) or (
        start == end and not terms and any(start in span for span in transcript.exons)
    )
    if not transcript.cds:
        if exonic:
            return [*terms, "non_coding_transcript_exon_variant"]
        return [*terms, "non_coding_transcript_variant"]
    first, last = transcript.cds[0][0], transcript.cds[-1][1]
    forward = transcript.strand > 0
    if exonic and start < first:
        terms.append(f"{5 if forward else 3}_prime_UTR_variant")
    if exonic and end > last:
        terms.append(f"{3 if forward else 5}_prime_UTR_variant")
    if start == end and exonic and start in (first, last):
        at_start = (start == first) == forward
        terms.append(f"{5 if at_start else 3}_prime_UTR_variant")
    if start < end and any(_overlaps(start, end, s) for s in transcript.cds):
        terms.append("coding_sequence_variant")
        at_start = (start < first) if forward else (end > last)
        at_stop = (end > last) if forward else (start < first)
        if (
            at_start
            and transcript.skip == 0
            and not _keeps_start(coding, start, end, alt)
        ):
            terms.append("start_lost")
        if at_stop and translate(coding.sequence[-3:]) == "*":
            terms.append("stop_lost")
    return terms


def _keeps_start(coding: CodingTranscript, start: int, end: int, alt: str) -> bool:
    """Whether bases that move up make the start codon anew."""
    transcript = coding.transcript
    if transcript.strand > 0:
        first = transcript.cds[0][0]
        n_before, n_inside = first - start, end - first
    else:
        last = transcript.cds[-1][1]
        n_before, n_inside = end - last, last - start
        alt = complement_strand(alt)
    front = coding.before[: len(coding.before) - n_before] + alt
    new = front[-n_inside:] + coding.sequence[n_inside:]
    return new[:3] == coding.sequence[:3]


def describe_edits(coding: CodingTranscript, edits: Sequence[Edit]) -> Consequence:
    """Return what one or several changes of one haplotype do to the protein.

    Parameters
    ----------
    coding
        A coding transcript.
    edits
        Changes that do not overlap, ascending.

    Returns
    -------
    Consequence
        Of all of them together, over the codons from the first to the last.
    """
    sequence, skip = coding.sequence, coding.skip
    first, last = edits[0].start, edits[-1].end
    if last <= skip:
        return Consequence("coding_sequence_variant", _position(first, last))
    lead, tail = codon_window(first, last, skip)
    tail = min(tail, len(sequence))
    ref_piece, alt_piece = sequence[lead:tail], _apply(sequence, edits, lead, tail)
    shift = sum(len(e.alt) - (e.end - e.start) for e in edits)
    ref_aa, alt_aa = translate(ref_piece), translate(alt_piece)
    terms = _protein_terms(
        coding,
        lead,
        tail,
        (ref_aa, alt_aa),
        alt_piece,
        shift,
        pure_deletion=not any(edit.alt for edit in edits),
    )
    same = ref_aa == alt_aa and len(ref_piece) == len(alt_piece)
    codon_first = (lead - skip) // 3 + 1
    codon_last = codon_first + max(len(ref_aa), 1) - 1
    if lead == tail:  # between two codons
        protein = f"{codon_first - 1}-{codon_first}"
    else:
        protein = _span_text(codon_first, codon_last)
    return Consequence(
        join_terms(terms),
        _position(first, last),
        protein,
        ref_aa if same else f"{ref_aa or '-'}/{alt_aa or '-'}",
        "/".join(_show(sequence, edits, lead, tail)),
    )


def codon_window(first: int, last: int, skip: int) -> tuple[int, int]:
    """Return the whole codons that a change touches; none for one between codons.

    Examples
    --------
    >>> codon_window(4, 5, 0), codon_window(3, 3, 0), codon_window(2, 7, 1)
    ((3, 6), (3, 3), (1, 7))
    """
    lead = (first - skip) // 3 * 3 + skip
    if first == last and first == lead:
        return first, first
    tail = (max(last, first + 1) - 1 - skip) // 3 * 3 + 3 + skip
    return max(lead, skip), tail


def _apply(sequence: str, edits: Sequence[Edit], lead: int, tail: int) -> str:
    parts, at = [], lead
    for edit in edits:
        parts += [sequence[at : max(edit.start, at)], edit.alt]
        at = max(edit.end, at)
    return "".join([*parts, sequence[at:tail]])


def _show(
    sequence: str, edits: Sequence[Edit], lead: int, tail: int
) -> tuple[str, str]:
    """Return both alleles with unchanged bases in small letters."""
    ref, alt, at = [], [], lead
    for edit in edits:
        kept = sequence[at : max(edit.start, at)].lower()
        ref += [kept, sequence[max(edit.start, at) : edit.end]]
        alt += [kept, edit.alt]
        at = max(edit.end, at)
    rest = sequence[at:tail].lower()
    return "".join([*ref, rest]) or "-", "".join([*alt, rest]) or "-"


def _position(first: int, last: int) -> str:
    if first == last:
        return f"{first}-{first + 1}"
    return _span_text(first + 1, last)


def _span_text(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _protein_terms(
    coding: CodingTranscript,
    lead: int,
    tail: int,
    amino_acids: tuple[str, str],
    alt_piece: str,
    shift: int,
    *,
    pure_deletion: bool,
) -> list[str]:
    ref_aa, alt_aa = amino_acids
    at_start = lead == coding.skip == 0 and tail > lead
    if at_start and alt_aa[:1] != ref_aa[:1]:
        kept = _makes_start(coding, alt_piece, shift)
        if not kept:
            lost = ["frameshift_variant"] if shift % 3 else []
            return ["start_lost", *lost]
        if shift > 0:
            return ["start_retained_variant"]
    if "*" in ref_aa:
        return _stop_terms(ref_aa, alt_aa, shift)
    gained = ["stop_gained"] if "*" in alt_aa else []
    if shift % 3:
        return [*gained, "frameshift_variant"]
    if len(alt_piece) % 3 or (tail - lead) % 3:
        return ["incomplete_terminal_codon_variant", "coding_sequence_variant"]
    if ref_aa == alt_aa:
        return ["synonymous_variant"]
    if shift == 0:
        return gained or ["missense_variant"]
    if pure_deletion:
        return [*gained, "inframe_deletion"]
    return [*gained, _size_term(ref_aa, alt_aa, shift)]


def _makes_start(coding: CodingTranscript, alt_piece: str, shift: int) -> bool:
    """Whether inserted bases leave a start codon in the old frame in front."""
    if shift <= 0:
        return False
    return (coding.before + alt_piece)[len(coding.before) + shift :][:3] == (
        coding.sequence[:3]
    )


def _stop_terms(ref_aa: str, alt_aa: str, shift: int) -> list[str]:
    frame = ["frameshift_variant"] if shift % 3 else []
    if "*" not in alt_aa:
        return [*frame, "stop_lost"]
    if alt_aa.index("*") < ref_aa.index("*"):
        return [*frame, "stop_gained"]
    before = ref_aa[: ref_aa.index("*")], alt_aa[: alt_aa.index("*")]
    if before[0] == before[1]:
        return [*frame, "stop_retained_variant"]
    if shift % 3 == 0 and shift:
        return [_size_term(*before, shift)]
    return [*frame] or ["missense_variant"]


def _size_term(ref_aa: str, alt_aa: str, shift: int) -> str:
    """Name a change of length in frame."""
    if shift > 0:
        alt_aa = alt_aa.split("*", 1)[0] + ("*" if "*" in alt_aa else "")
        pure = alt_aa.startswith(ref_aa) or alt_aa.endswith(ref_aa)
        return "inframe_insertion" if pure or "*" in alt_aa else _ALTERED
    pure = ref_aa.startswith(alt_aa) or ref_aa.endswith(alt_aa)
    return "inframe_deletion" if pure or "*" in alt_aa else _ALTERED


_ALTERED = "protein_altering_variant"
