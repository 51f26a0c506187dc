"""From variants, genes and genome to a table of consequences, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.transcripts import Annotation, Transcript, by_place
from meristem.sequence.variants.amino_acids import BLOSUM62, GRANTHAM
from meristem.sequence.variants.coding import (
    CodingTranscript,
    Consequence,
    describe,
    read_coding,
)
from meristem.sequence.variants.haplotypes import (
    CarriedEdit,
    TranscriptEdits,
    joint_changes,
)
from meristem.sequence.variants.load import DamageRule, LoadTable
from meristem.sequence.variants.sites import Site, VariantStream, trim
from meristem.sequence.variants.tables import open_table
from meristem.sequence.variants.terms import impact
from meristem.sequence.variants.user_scores import UserScores

COLUMNS = (
    "variant contig position ref alt gene transcript strand consequence impact "
    "cds_position protein_position amino_acids codons distance joint carriers "
    "blosum62 grantham"
).split()
_BIN = 1 << 14
_EVERY = 5000  # sites between two reports of progress

Notify = Callable[[int], None]


@dataclass(frozen=True)
class ConsequenceOptions:
    """What is written besides the consequences of genes that a variant touches."""

    flank: int = 2000  # bp around genes within which a variant counts as near
    scores: tuple[UserScores, ...] = ()
    damaging: tuple[DamageRule, ...] = ()  # besides a HIGH impact

    @property
    def column_name(self) -> list[str]:
        """Columns of the table."""
        return [*COLUMNS, *(name for s in self.scores for name in s.column_name)]


@dataclass
class ConsequenceSummary:
    """What was met on the way."""

    n_variant: int = 0
    n_row: int = 0
    n_joint: int = 0
    n_unphased: int = 0  # samples x transcripts whose phase is not known
    impact: dict[str, int] = field(default_factory=dict)  # rows by impact
    n_scored: Counter[int] = field(default_factory=Counter)  # rows by table of scores
    load: LoadTable | None = None


def write_consequences(
    stream: VariantStream,
    annotation: Annotation,
    out: str | Path,
    options: ConsequenceOptions,
    notify: Notify = lambda done: None,
) -> ConsequenceSummary:
    """Write what every variant does to every transcript, and who carries it.

    A variant that touches no transcript is named by the nearest gene within the
    flank. Where the file has samples, changes that one haplotype carries within one
    codon, or that restore the frame together, get a row of their own (`joint`).

    Parameters
    ----------
    stream
        Variants, sorted by place where they have samples.
    annotation
        Transcripts of the same genome.
    out
        The table (TSV, gzipped where it ends in `.gz`), written whole or not at all.
    options
        Flank, scores of the user, what counts as damaging.
    notify
        Told the number of alternate alleles done.

    Returns
    -------
    ConsequenceSummary
        Counts, and the load of every line.

    Raises
    ------
    DataError
        As the stream does, or if a file with samples is not sorted.
    """
    out = Path(out)
    writer = _Writer(stream, annotation, options)
    with open_table(out) as handle:
        handle.write("\t".join(options.column_name) + "\n")
        for site in stream.sites(with_calls=writer.has_samples):
            handle.writelines(writer.rows(site))
            if stream.n_site % _EVERY == 0:
                notify(stream.n_site)
        handle.writelines(writer.flush())
    writer.summary.n_variant = stream.n_site
    notify(stream.n_site)
    return writer.summary


class _Writer:
    """Keeps the transcripts that the stream has not passed yet."""

    def __init__(
        self,
        stream: VariantStream,
        annotation: Annotation,
        options: ConsequenceOptions,
    ) -> None:
        self.has_samples = stream.sample_id.size > 0
        self.summary = ConsequenceSummary()
        if self.has_samples:
            self.summary.load = LoadTable(stream.sample_id)
        self._stream = stream
        self._genome: Genome = stream.genome
        self._options = options
        self._bins = by_place(annotation.transcripts, options.flank, _BIN)
        self._open: dict[str, TranscriptEdits] = {}
        self._place = ("", 0)
        self._passed: set[str] = set()

    def rows(self, site: Site) -> Iterator[str]:
        """Give the rows of a site, and before them those it completes."""
        yield from self._advance(site)
        start, ref, alt = trim(site.position, site.ref, site.alt)
        near = self._bins.get((site.contig, start // _BIN), [])
        touched = [t for t in near if _touches(t, start, start + len(ref))]
        for transcript in touched:
            found = self._open.get(transcript.name)
            if found is None:
                found = TranscriptEdits(read_coding(transcript, self._genome))
                self._open[transcript.name] = found
            consequence = describe(found.coding, start, ref, alt)
            cells = self._cells(site, found.coding, consequence)
            yield self._row(cells)
            if site.calls is not None:
                found.edits.append(self._carried(site, site.calls, consequence, cells))
        if not touched:
            yield self._row(self._near(site, near, start, start + len(ref)))

    def flush(self) -> Iterator[str]:
        """Give the rows of all transcripts that are still open."""
        for name in list(self._open):
            yield from self._close(name)

    def _advance(self, site: Site) -> Iterator[str]:
        contig, position = self._place
        self._place = (site.contig, site.position)
        if site.contig == contig and site.position >= position:
            if len(self._open) > 20:
                ended = (
                    name
                    for name, found in self._open.items()
                    if found.coding.transcript.end < site.position - 1
                )
                for name in list(ended):
                    yield from self._close(name)
            return
        yield from self.flush()
        if self.has_samples and (site.contig == contig or site.contig in self._passed):
            raise DataError(
                f"is not sorted: {site.contig}:{site.position} follows "
                f"{contig}:{position}",
                where=self._stream.file.path,
                remedy="sort it (bcftools sort): the haplotypes of a gene are read "
                "together",
            )
        self._passed.add(site.contig)

    def _close(self, name: str) -> Iterator[str]:
        found = self._open.pop(name)
        load = self.summary.load
        if load is None or not found.edits:
            return
        joint, n_unphased = joint_changes(found)
        self.summary.n_unphased += n_unphased
        coding = found.coding
        judged = []
        for change in joint:
            members = [found.edits[i] for i in change.members]
            cells = self._joint_cells(members, coding, change.consequence)
            cells["carriers"] = str(int(change.copies.sum()))
            self.summary.n_joint += 1
            judged.append((change, self._is_damaging(cells)))
            yield self._row(cells)
        load.add(found, judged)

    def _row(self, cells: dict[str, str]) -> str:
        self.summary.n_row += 1
        counts = self.summary.impact
        counts[cells["impact"]] = counts.get(cells["impact"], 0) + 1
        names = self._options.column_name
        return "\t".join([cells.get(name, "") for name in names]) + "\n"

    def _site_cells(self, site: Site) -> dict[str, str]:
        cells = {
            "variant": site.name,
            "contig": site.contig,
            "position": str(site.position),
            "ref": site.ref,
            "alt": site.alt,
        }
        if site.calls is not None:
            cells["carriers"] = str(int((site.calls[:, :-1] == site.allele).sum()))
        return cells

    def _cells(
        self, site: Site, coding: CodingTranscript, consequence: Consequence
    ) -> dict[str, str]:
        cells = self._site_cells(site) | _consequence_cells(coding, consequence)
        self._score(cells, site.name, coding.transcript)
        return cells

    def _joint_cells(
        self,
        members: Sequence[CarriedEdit],
        coding: CodingTranscript,
        found: Consequence,
    ) -> dict[str, str]:
        cells = _consequence_cells(coding, found)
        cells |= {
            "variant": "+".join(member.variant for member in members),
            "position": str(min(member.position for member in members)),
            "contig": coding.transcript.contig,
            "joint": str(len(members)),
        }
        self._score(cells, cells["variant"], coding.transcript)
        return cells

    def _score(
        self, cells: dict[str, str], variant: str, transcript: Transcript
    ) -> None:
        ref_aa, _, alt_aa = cells["amino_acids"].partition("/")
        if len(ref_aa) == len(alt_aa) == 1:
            pair = ref_aa + alt_aa
            if pair in BLOSUM62:
                cells["blosum62"] = str(BLOSUM62[pair])
                cells["grantham"] = str(GRANTHAM[pair])
        names = (transcript.name, transcript.gene)
        for number, scores in enumerate(self._options.scores):
            if scores.by_variant or (alt_aa and cells["protein_position"]):
                values = scores.find(variant, names, cells["protein_position"], alt_aa)
                cells |= dict(zip(scores.column_name, values, strict=True))
                self.summary.n_scored[number] += any(values)

    def _carried(
        self,
        site: Site,
        calls: NDArray[np.int16],  # (n_sample, ploidy + 1)
        consequence: Consequence,
        cells: dict[str, str],
    ) -> CarriedEdit:
        alleles, phased = calls[:, :-1], calls[:, -1]
        first = alleles[:, :1]
        alike = ((alleles == first) | (alleles == -2)).all(axis=1)
        return CarriedEdit(
            site.name,
            site.position,
            consequence.edit,
            alleles == site.allele,
            alike | (phased > 0),
            self._is_damaging(cells),
        )

    def _is_damaging(self, cells: dict[str, str]) -> bool:
        return cells["impact"] == "HIGH" or any(
            rule.holds(cells.get(rule.column, "")) for rule in self._options.damaging
        )

    def _near(
        self, site: Site, near: Sequence[Transcript], start: int, end: int
    ) -> dict[str, str]:
        """Return the cells of a variant between genes: the nearest one, if any."""
        cells = self._site_cells(site)
        best: tuple[tuple[bool, int], str, Transcript] | None = None
        for transcript in near:
            left = max(transcript.start - max(end, start + 1) + 1, 0)
            distance = left or start - transcript.end + 1
            if distance > self._options.flank:
                continue
            in_front = (left > 0) == (transcript.strand > 0)
            term = f"{'upstream' if in_front else 'downstream'}_gene_variant"
            # The gene that a variant may regulate is named before one it follows.
            rank = (not in_front, distance)
            if best is None or rank < best[0]:
                best = (rank, term, transcript)
        if best is None:
            return cells | {"consequence": "intergenic_variant", "impact": "MODIFIER"}
        (_, distance), term, transcript = best
        return cells | {
            "gene": transcript.gene,
            "transcript": transcript.name,
            "strand": "+" if transcript.strand > 0 else "-",
            "consequence": term,
            "impact": "MODIFIER",
            "distance": str(distance),
        }


def _touches(transcript: Transcript, start: int, end: int) -> bool:
    """Whether a change lies within a transcript; an insertion must be inside."""
    if start == end:
        return transcript.start < start < transcript.end
    return start < transcript.end and end > transcript.start


def _consequence_cells(
    coding: CodingTranscript, consequence: Consequence
) -> dict[str, str]:
    transcript = coding.transcript
    return {
        "gene": transcript.gene,
        "transcript": transcript.name,
        "strand": "+" if transcript.strand > 0 else "-",
        "consequence": consequence.terms,
        "impact": impact(consequence.terms),
        "cds_position": consequence.cds_position,
        "protein_position": consequence.protein_position,
        "amino_acids": consequence.amino_acids,
        "codons": consequence.codons,
    }
