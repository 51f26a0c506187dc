"""Which genes, and the window around the transcription start of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.config.expression.panel import GenesConfig
from meristem.errors import DataError
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.promoters import Promoter
from meristem.sequence.genome.transcripts import Annotation
from meristem.sequence.genome.windows import Window, promoter_windows
from meristem.text.column_names import find_column
from meristem.text.columns import read_table
from meristem.text.files import read_text
from meristem.text.lines import numbered_lines


@dataclass(frozen=True)
class GeneWindows:
    """One window per gene, along the forward strand."""

    windows: tuple[Window, ...]  # named after the genes, by contig and place
    upstream: int  # bp in front of the transcription start
    downstream: int  # bp from it on
    n_measured: int  # genes whose start is in the table
    absent: tuple[str, ...]  # genes asked for that the annotation lacks

    def anchor(self, window: Window) -> int:
        """Return the place between upstream and transcribed bases."""
        ahead = self.upstream if window.strand > 0 else self.downstream
        return window.start + ahead

    def tss(self, window: Window) -> int:
        """Return the first transcribed base, 0-based."""
        return self.anchor(window) - (window.strand < 0)

    def sides(self, window: Window) -> tuple[int, int]:
        """Return the bases left and right of the anchor."""
        sides = (self.upstream, self.downstream)
        return sides if window.strand > 0 else sides[::-1]


def gene_windows(
    annotation: Annotation,
    genome: Genome,
    options: GenesConfig,
    measured: Collection[str] | None = None,
) -> GeneWindows:
    """Return the windows of the genes of an analysis.

    A gene starts where the table of starts says, else at its most upstream transcript.

    Parameters
    ----------
    annotation
        Genes of the genome.
    genome
        Tells which starts can be.
    options
        Which genes, and how long the windows are.
    measured
        Genes with expression; None: all.

    Raises
    ------
    DataError
        If no gene is left, or a start lies beyond its contig.
    """
    first: dict[str, Promoter] = {}
    for t in annotation.transcripts:
        known = first.get(t.gene)
        if known is None or (
            t.contig == known.contig and (t.tss - known.tss) * t.strand < 0
        ):
            first[t.gene] = Promoter(t.gene, t.contig, 0, 0, t.strand, t.tss)
    wanted = list(first)
    if options.only is not None:
        lines = numbered_lines(read_text(options.only))
        wanted = list(dict.fromkeys(line.strip() for _, line in lines))
    elif measured is not None:
        wanted = list(dict.fromkeys(measured))
    absent = tuple(gene for gene in wanted if gene not in first)
    starts = {} if options.starts is None else _read_starts(options.starts)
    chosen = []
    for gene in wanted:
        if gene not in first:
            continue
        one = first[gene]
        if gene in starts:
            tss, where = starts[gene]
            if not 0 <= tss < genome.length[one.contig]:
                raise DataError(
                    f"the start of {gene} lies beyond {one.contig}",
                    where=where,
                    remedy="give positions on the genome, counted from 1",
                )
            one = one._replace(tss=tss)
        chosen.append(one)
    if not chosen:
        some = ", ".join(list(first)[:3])
        raise DataError(
            f"none of the {len(wanted)} genes ({', '.join(wanted[:3])}, ...) is in the "
            f"annotation ({some}, ...)",
            where=options.only or "genes",
            remedy="name genes as the annotation does",
        )
    order = {name: i for i, name in enumerate(genome.length)}
    chosen.sort(key=lambda one: (order[one.contig], one.tss, one.gene))
    return GeneWindows(
        tuple(promoter_windows(chosen, options.upstream, options.downstream)),
        options.upstream,
        options.downstream,
        sum(one.gene in starts for one in chosen),
        absent,
    )


def _read_starts(path: Path) -> dict[str, tuple[int, str]]:
    """Return start (0-based) and place in the table; genes without one are left out."""
    table = read_table(path)
    columns = [find_column(table, [name]) for name in ("gene", "tss")]
    gene, tss = columns
    if gene is None or tss is None:
        raise DataError(
            f"has the columns {', '.join(table.column_name[:8])}",
            where=path,
            remedy="give the columns gene and tss (counted from 1)",
        )
    names, numbers = table.identifiers(gene), table.numbers(tss)
    return {
        str(name): (int(number) - 1, table.place(row, tss))
        for row, (name, number) in enumerate(zip(names, numbers, strict=True))
        if np.isfinite(number)
    }
