"""Windows of a genome: BED intervals and promoters, cut along their strand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from meristem.errors import DataError
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.contig_names import match_names
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.promoters import Promoter
from meristem.text.files import read_text
from meristem.text.lines import numbered_lines

Edge = Literal["refuse", "pad"]


@dataclass(frozen=True)
class Window:
    """A stretch of a genome, on the forward strand."""

    name: str
    contig: str  # name in the genome
    start: int  # bp, 0-based; may lie before the contig
    end: int  # end excluded; may lie behind the contig
    strand: int  # 1, or -1: read backwards


def read_bed(
    path: str | Path, genome: Genome, contig_names: str | Path | None = None
) -> list[Window]:
    """Read the intervals of a BED file: contig, start (from 0), end, name, -, strand.

    Raises
    ------
    DataError
        If a line has fewer than three columns, no whole numbers or an odd strand, an
        interval is empty or behind the end of its contig, or its contig is not in the
        genome.
    """
    rows, places = [], []
    for number, line in numbered_lines(read_text(path)):
        if line.startswith(("#", "track", "browser")):
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        where = f"{path}, line {number}"
        if len(cells) < 3 or not (cells[1].isdecimal() and cells[2].isdecimal()):
            raise DataError(
                "is no interval: contig, start and end are needed",
                where=where,
                remedy="write contig, start (counted from 0) and end, with tabs",
            )
        start, end = int(cells[1]), int(cells[2])
        if start >= end:
            raise DataError(
                f"the interval from {start} to {end} is empty",
                where=where,
                remedy="write the smaller position first; the end is excluded",
            )
        if len(cells) > 5 and cells[5] not in ("+", "-", "."):
            raise DataError(
                f"{cells[5]!r} is no strand",
                where=where,
                remedy="write +, - or . in the sixth column",
            )
        name = cells[3] if len(cells) > 3 else f"{cells[0]}:{start + 1}-{end}"
        strand = -1 if len(cells) > 5 and cells[5] == "-" else 1
        rows.append((name, cells[0], start, end, strand))
        places.append(where)
    names = match_names((row[1] for row in rows), genome, path, contig_names)
    if names.unmatched:
        lost = sum(row[1] in names.unmatched for row in rows)
        raise DataError(
            f"{lost} of {len(rows)} intervals lie on contigs that the genome lacks: "
            f"{', '.join(names.unmatched[:4])}",
            where=path,
            remedy="leave them out, or say with --contig-names TABLE what is what",
        )
    windows = [
        Window(name, names.genome_name[contig], start, end, strand)
        for name, contig, start, end, strand in rows
    ]
    for window, where in zip(windows, places, strict=True):
        length = genome.length[window.contig]
        if window.start >= length:
            raise DataError(
                f"the interval begins behind the end of {window.contig} ({length} bp)",
                where=where,
                remedy=f"give intervals of the genome {genome.path}",
            )
    if not windows:
        raise DataError(
            "has no interval on the genome", where=path, remedy="give BED intervals"
        )
    return _numbered(windows)


def _numbered(windows: list[Window]) -> list[Window]:
    """Give windows of one name a number each, from the second on."""
    seen: dict[str, int] = {}
    out = []
    for window in windows:
        times = seen[window.name] = seen.get(window.name, 0) + 1
        name = window.name if times == 1 else f"{window.name}_{times}"
        out.append(replace(window, name=name))
    return out


def promoter_windows(
    promoters: Iterable[Promoter], upstream: int, downstream: int
) -> list[Window]:
    """Return promoters as windows of one length, cut off nowhere.

    A gene with several starts has a window for each, numbered from the second on.

    Examples
    --------
    >>> one = Promoter("g", "1", 0, 15, 1, 10)
    >>> promoter_windows([one], 20, 5)
    [Window(name='g', contig='1', start=-10, end=15, strand=1)]
    """
    windows = []
    for p in promoters:
        start = p.tss - upstream if p.strand > 0 else p.tss + 1 - downstream
        end = start + upstream + downstream
        windows.append(Window(p.gene, p.contig, start, end, p.strand))
    return _numbered(windows)


def cut(
    genome: Genome, windows: Iterable[Window], edge: Edge = "refuse"
) -> Iterator[tuple[Window, str]]:
    """Give every window with its sequence, read along its strand.

    Parameters
    ----------
    genome
        The genome.
    windows
        What to cut; sorted by contig where the genome is large.
    edge
        Refuse windows beyond the contig, or fill them up with N.

    Raises
    ------
    DataError
        If a window lies beyond its contig and `edge` is `refuse`.
    """
    for window in windows:
        length = genome.length[window.contig]
        if edge == "refuse" and (window.start < 0 or window.end > length):
            raise DataError(
                f"{window.name} ({window.start + 1} to {window.end}) lies beyond "
                f"{window.contig} ({length} bp)",
                where=genome.path,
                remedy="leave it out, make windows shorter, or fill up with N "
                "(--edge pad)",
            )
        first, last = max(window.start, 0), max(min(window.end, length), 0)
        inside = genome.text(window.contig, first, last)
        front = "N" * min(max(-window.start, 0), window.end - window.start)
        text = front + inside
        text += "N" * (window.end - window.start - len(text))
        yield window, text if window.strand > 0 else complement_strand(text)
