"""Transcripts of a GFF3 or GTF file, as real files have them: faults are listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from meristem.errors import DataError
from meristem.knowledge.files.gff import name_gene, parse_attributes, strip_prefix
from meristem.sequence.genome.contig_names import ContigNames, match_names
from meristem.sequence.genome.fasta import Genome
from meristem.text.files import unpacked

Span = tuple[int, int]  # bp, 0-based, end excluded

_PARTS = ("exon", "CDS", "stop_codon")
_UTR = ("five_prime_UTR", "three_prime_UTR", "5UTR", "3UTR", "UTR")
_STRAND = {"+": 1, "-": -1}


@dataclass(frozen=True)
class Transcript:
    """Where a transcript lies, and which part of it is translated."""

    name: str
    gene: str
    contig: str  # name in the genome
    strand: int  # 1 or -1
    exons: tuple[Span, ...]  # ascending
    cds: tuple[Span, ...]  # ascending, stop codon included; empty: not coding
    skip: int = 0  # bases before the first whole codon, of incomplete transcripts

    @property
    def start(self) -> int:
        """First base, 0-based."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """Behind the last base, 0-based."""
        return self.exons[-1][1]

    @property
    def introns(self) -> tuple[Span, ...]:
        """Between the exons, ascending."""
        ends = zip(self.exons[:-1], self.exons[1:], strict=True)
        return tuple((left[1], right[0]) for left, right in ends)

    @property
    def tss(self) -> int:
        """First transcribed base, 0-based."""
        return self.start if self.strand > 0 else self.end - 1


class Fault(NamedTuple):
    """A transcript that was skipped or is odd."""

    transcript: str
    line: int
    what: str
    skipped: bool


@dataclass(frozen=True)
class Annotation:
    """What an annotation file says of a genome."""

    transcripts: tuple[Transcript, ...]
    faults: tuple[Fault, ...]
    names: ContigNames
    path: Path

    @property
    def n_skipped(self) -> int:
        """Number of transcripts that were left out."""
        return sum(fault.skipped for fault in self.faults)


@dataclass
class _Parts:
    """What the lines of one transcript say, positions 0-based."""

    contig: str
    strand: str
    line: int
    exon: list[Span] = field(default_factory=list)
    cds: list[tuple[int, int, str]] = field(default_factory=list)  # with phase
    stop: list[Span] = field(default_factory=list)
    fault: str = ""


@dataclass
class _Tree:
    """Lines of the file by name."""

    parts: dict[str, _Parts] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)  # transcript -> gene, raw ids
    gene: dict[str, str] = field(default_factory=dict)  # raw id -> name


def read_transcripts(
    path: str | Path, genome: Genome, contig_names: str | Path | None = None
) -> Annotation:
    """Read the transcripts of a GFF3 or GTF file, plain or gzipped.

    Ids may have any form. A transcript is what exons and coding parts name as their
    parent; its gene is the parent of the transcript, or itself. Missing phases are
    derived from the lengths. In GTF, the stop codon is joined to the coding part.

    Parameters
    ----------
    path
        The annotation.
    genome
        The genome it describes.
    contig_names
        Table of contig names, see `match_names`.

    Returns
    -------
    Annotation
        Transcripts by place; those that lie on two strands or contigs, overlap
        themselves or lie beyond the contig are left out and listed as faults.

    Raises
    ------
    DataError
        If the file has no usable transcript, a line has not nine columns, or no
        contig of the file is in the genome.
    """
    path = Path(path)
    tree = _Tree()
    for number, cells in _feature_lines(path):
        _enter(tree, cells, number)
    contigs = (parts.contig for parts in tree.parts.values())
    names = match_names(contigs, genome, path, contig_names)
    transcripts, faults = [], []
    for name, parts in tree.parts.items():
        found, fault = _build(name, parts, tree, names, genome)
        if found is not None:
            transcripts.append(found)
        if fault:
            faults.append(Fault(strip_prefix(name), parts.line, fault, found is None))
    if not transcripts:
        raise DataError(
            "has no usable transcript: no exon or CDS lines with a parent"
            + (f" (first fault: {faults[0].what})" if faults else ""),
            where=path,
            remedy="give the annotation of the genome as GFF3 or GTF",
        )
    order = {name: index for index, name in enumerate(genome.length)}
    transcripts.sort(key=lambda t: (order[t.contig], t.start, t.end, t.name))
    return Annotation(tuple(transcripts), tuple(faults), names, path)


def _feature_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with unpacked(path) as stream:
        for number, raw in enumerate(stream, start=1):
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if line.startswith(("##FASTA", ">")):
                return
            if not line.strip() or line[0] == "#":
                continue
            cells = line.split("\t")
            if len(cells) != 9:
                raise DataError(
                    f"has {len(cells)} tab-separated columns, GFF has 9",
                    where=f"{path}, line {number}",
                    remedy="separate columns by tabs and write `.` for empty ones",
                )
            yield number, cells


def _enter(tree: _Tree, cells: list[str], number: int) -> None:
    kind = cells[2]
    if kind in _UTR or kind in ("chromosome", "region", "contig"):
        return
    attributes = parse_attributes(cells[8])
    if kind in _PARTS:
        for name in _owners(attributes):
            _enter_part(tree, name, cells, number)
            if attributes.get("gene_id") and name not in tree.parent:
                tree.parent[name] = attributes["gene_id"]
        return
    own = attributes.get("ID") or attributes.get("transcript_id")
    parent = attributes.get("Parent") or attributes.get("gene_id", "")
    if kind == "gene" or kind.endswith("_gene") or kind == "pseudogene":
        tree.gene[own or attributes.get("gene_id", "")] = name_gene(attributes)
    elif own and parent:
        tree.parent[own] = parent.split(",")[0]


def _span(cells: list[str]) -> Span | None:
    """Return the positions of a line, None where they are no whole numbers."""
    if not (cells[3].isdecimal() and cells[4].isdecimal()):
        return None
    return int(cells[3]) - 1, int(cells[4])


def _owners(attributes: dict[str, str]) -> list[str]:
    """Return the transcripts an exon or coding part belongs to."""
    for key in ("Parent", "transcript_id", "transcriptId", "gene_id", "ID"):
        if attributes.get(key):
            return [name for name in attributes[key].split(",") if name]
    return []


def _enter_part(tree: _Tree, name: str, cells: list[str], number: int) -> None:
    contig = unquote(cells[0])
    parts = tree.parts.setdefault(name, _Parts(contig, cells[6], number))
    if (contig, cells[6]) != (parts.contig, parts.strand):
        parts.fault = "lies on two contigs or strands"
    span = _span(cells)
    if span is None or span[1] <= span[0]:
        place = f"{cells[3] or 'nowhere'} to {cells[4] or 'nowhere'}"
        parts.fault = f"has a part from {place} (line {number})"
        return
    if cells[2] == "exon":
        parts.exon.append(span)
    elif cells[2] == "CDS":
        parts.cds.append((*span, cells[7]))
    else:
        parts.stop.append(span)


def _build(
    name: str, parts: _Parts, tree: _Tree, names: ContigNames, genome: Genome
) -> tuple[Transcript | None, str]:
    """Return the transcript, or None, and what is odd about it."""
    contig = names.genome_name.get(parts.contig)
    cds = sorted({(start, end) for start, end, _ in parts.cds})
    exons = sorted(set(parts.exon))
    fault = parts.fault or _geometry(parts, cds, exons)
    if contig is None:
        return None, f"lies on {parts.contig}, which the genome lacks"
    cds = _join_stop(cds, parts.stop)
    exons = _cover(exons or cds, cds)
    if not fault and exons[-1][1] > genome.length[contig]:
        fault = (
            f"ends at {exons[-1][1]}, behind the end of {contig} "
            f"({genome.length[contig]} bp): another version of the genome?"
        )
    if fault:
        return None, fault
    strand = _STRAND[parts.strand]
    skip = _first_phase(parts, strand)
    gene = tree.parent.get(name, name)
    transcript = Transcript(
        strip_prefix(name),
        tree.gene.get(gene) or strip_prefix(gene),
        contig,
        strand,
        tuple(exons),
        tuple(cds),
        skip,
    )
    odd = (sum(end - start for start, end in cds) - skip) % 3
    return transcript, "its coding part is no whole number of codons" if odd else ""


def _geometry(parts: _Parts, cds: list[Span], exons: list[Span]) -> str:
    if not exons and not cds:
        return "has neither exons nor coding parts"
    if parts.strand not in _STRAND:
        return f"has the strand {parts.strand!r}, neither + nor -"
    for spans, what in ((exons, "exons"), (cds, "coding parts")):
        pairs = zip(spans[:-1], spans[1:], strict=True)
        if any(right[0] < left[1] for left, right in pairs):
            return f"its {what} overlap"
    return ""


def _join_stop(cds: list[Span], stop: list[Span]) -> list[Span]:
    """Join the stop codon, which GTF leaves out of the coding part."""
    if not cds or not stop:
        return cds
    joined: list[Span] = []
    for start, end in sorted([*cds, *stop]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _cover(exons: list[Span], cds: list[Span]) -> list[Span]:
    """Return exons that hold every coding part: some files list no exons, or few."""
    inside = all(any(e[0] <= c[0] and c[1] <= e[1] for e in exons) for c in cds)
    return exons if inside else _join_stop(exons, cds)


def _first_phase(parts: _Parts, strand: int) -> int:
    """Return the phase of the first coding part; 0 where the file does not say."""
    if not parts.cds:
        return 0
    first = min(parts.cds) if strand > 0 else max(parts.cds)
    return int(first[2]) if first[2] in ("0", "1", "2") else 0


def by_place(
    transcripts: tuple[Transcript, ...], flank: int, bin_size: int = 1 << 14
) -> dict[tuple[str, int], list[Transcript]]:
    """Return the transcripts of every bin of a contig, `flank` bp around them too.

    Examples
    --------
    >>> one = Transcript("t", "g", "1", 1, ((5, 9),), ())
    >>> list(by_place((one,), 0))
    [('1', 0)]
    """
    bins: dict[tuple[str, int], list[Transcript]] = defaultdict(list)
    for transcript in transcripts:
        first = max(0, transcript.start - flank) // bin_size
        for number in range(first, (transcript.end + flank) // bin_size + 1):
            bins[transcript.contig, number].append(transcript)
    return dict(bins)
