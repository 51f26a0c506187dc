"""Gene positions from GFF3, GTF or a plain table, with labels and other names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gene_row import GeneRow
from meristem.knowledge.files.gene_table import parse_gene_table
from meristem.knowledge.files.gff import chromosomes, parse_gff, transcript_names
from meristem.knowledge.source import SourceText, read_source
from meristem.records import GeneTable

LAST_POSITION = 10**11
"""bp; no chromosome is longer."""


@dataclass(frozen=True)
class GeneSource:
    """Genes of one file and the other names it gives them."""

    genes: GeneTable
    label: Mapping[str, str]  # gene id -> readable name, where one is given
    alias: Mapping[str, str]  # other name -> gene id, unambiguous ones alone
    source: SourceText

    @cached_property
    def chromosomes(self) -> dict[str, str]:
        """Contig -> chromosome, where the file says which contig is which."""
        return chromosomes(self.source) if _looks_like_gff(self.source) else {}

    @cached_property
    def transcripts(self) -> list[tuple[str, str]]:
        """Pairs (name of a transcript or protein, gene id), as a GFF file has them."""
        if not _looks_like_gff(self.source):
            return []
        known = set(self.genes.gene_id.tolist())
        pairs = transcript_names(self.source)
        named = ((other, self.alias.get(gene, gene)) for other, gene in pairs)
        return [pair for pair in named if pair[1] in known]


def _looks_like_gff(source: SourceText) -> bool:
    """Nine tab-separated columns, or a directive, mean GFF3 or GTF."""
    if source.text.startswith("##"):
        return True
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith((".gff", ".gff3", ".gtf")):
        return True
    for line in source.text.split("\n", 50)[:50]:
        if line and not line.startswith("#"):
            cell = line.split("\t")
            return len(cell) == 9 and cell[3].isdigit() and cell[4].isdigit()
    return False


def unambiguous(
    pairs: Iterable[tuple[str, str]],
    taken: set[str],
) -> dict[str, str]:
    """Return other name -> id for names that stand for one id and are no id.

    Examples
    --------
    >>> unambiguous([("x", "g1"), ("y", "g1"), ("y", "g2"), ("g2", "g1")], {"g2"})
    {'x': 'g1'}
    """
    found: dict[str, set[str]] = {}
    for other, name in pairs:
        if other and other not in taken:
            found.setdefault(other, set()).add(name)
    return {other: names.pop() for other, names in found.items() if len(names) == 1}


def _refuse_faulty(rows: Sequence[GeneRow], source: SourceText) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        if row.end < row.start:
            raise KnowledgeError(
                f"gene {row.gene_id!r} ends at {row.end}, before its start {row.start}",
                where=source.at(row.line),
                remedy="write the smaller position first, whatever the strand",
            )
        if row.start < 1 or row.end > LAST_POSITION:
            raise KnowledgeError(
                f"gene {row.gene_id!r} goes from {row.start} to {row.end}",
                where=source.at(row.line),
                remedy="positions count from 1, in base pairs",
            )
        if row.gene_id in seen:
            raise KnowledgeError(
                f"gene {row.gene_id!r} stands here and in line {seen[row.gene_id]}",
                where=source.at(row.line),
                remedy="keep one line per gene, or give them different ids",
            )
        seen[row.gene_id] = row.line


def read_genes(path: str | Path) -> GeneSource:
    """Read genes from GFF3, GTF or a table `gene,contig,start,end[,strand]`.

    Positions in the file count from 1 and include both ends, in all three formats;
    the record counts from 0 and excludes the end. Genes are sorted by id.

    Parameters
    ----------
    path
        The file, plain or gzipped; the format is found from its content.

    Returns
    -------
    GeneSource
        The genes, their readable names, and aliases that stand for one gene alone.

    Raises
    ------
    KnowledgeError
        If the file cannot be read, a line is faulty, or a gene id occurs twice.

    References
    ----------
    GFF3 specification 1.26, Sequence Ontology; GTF 2.2, Washington University.
    """
    source = read_source(path)
    parse = parse_gff if _looks_like_gff(source) else parse_gene_table
    rows = parse(source)
    _refuse_faulty(rows, source)
    rows = sorted(rows, key=lambda row: row.gene_id)
    names = {row.gene_id for row in rows}
    genes = GeneTable(
        np.array([row.gene_id for row in rows], dtype=np.str_),
        np.array([row.contig for row in rows], dtype=np.str_),
        np.array([row.start - 1 for row in rows], dtype=np.int64),
        np.array([row.end for row in rows], dtype=np.int64),
        np.array([row.strand for row in rows], dtype=np.str_),
        str(source.path),
    )
    label = {row.gene_id: row.label for row in rows if row.label}
    pairs = ((other, row.gene_id) for row in rows for other in row.aliases)
    return GeneSource(genes, label, unambiguous(pairs, names), source)
