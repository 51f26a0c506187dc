"""Bring the contig names of a file to those of the genome, and check that they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from meristem.errors import DataError
from meristem.genetics.contigs import match_contigs
from meristem.sequence.genome.fasta import Genome
from meristem.text.columns import read_table


@dataclass(frozen=True)
class ContigNames:
    """What the contigs of a file are called in the genome."""

    genome_name: Mapping[str, str]  # name in the file -> name in the genome
    unmatched: tuple[str, ...]  # names in the file that the genome lacks
    rule: str  # how they were matched: exact, prefix, roman, table


def match_names(
    names: Iterable[str],
    genome: Genome,
    source: str | Path,
    table: str | Path | None = None,
) -> ContigNames:
    """Match the contigs of a file with those of the genome.

    Names are matched as they are, without `chr`, then Roman as Arabic numerals
    (`I`, `chrI` and `1`); a table overrides that.

    Parameters
    ----------
    names
        The contigs of the file.
    genome
        The genome.
    source
        The file, for messages.
    table
        Columns `name` (in the file) and `contig` (in the genome).

    Raises
    ------
    DataError
        If no contig of the file is in the genome, or the table names contigs that the
        genome lacks.

    Examples
    --------
    >>> genome = Genome(Path("g.fa"), {"chrI": 5, "chrII": 3}, {})
    >>> match_names(["I", "II", "Mito"], genome, "g.gff3").genome_name
    {'I': 'chrI', 'II': 'chrII'}
    """
    names = list(dict.fromkeys(names))
    if table is not None:
        found, rule = _read_names(table, genome), "table"
        partner = {name: found[name] for name in names if name in found}
    else:
        match = match_contigs(names, genome.length)
        partner, rule = dict(match.partner), match.rule
    if names and not partner:
        raise DataError(
            f"none of its contigs ({', '.join(names[:4])}, ...) is in the genome "
            f"({', '.join(list(genome.length)[:4])}, ...)",
            where=source,
            remedy="give the files of one genome, or say with --contig-names TABLE "
            "(columns name and contig) what is what",
        )
    unmatched = tuple(name for name in names if name not in partner)
    return ContigNames(partner, unmatched, rule)


def _read_names(path: str | Path, genome: Genome) -> dict[str, str]:
    table = read_table(path)
    found: dict[str, str] = {}
    pairs = zip(table.identifiers("name"), table.identifiers("contig"), strict=True)
    for row, (name, contig) in enumerate(pairs):
        if contig not in genome.length:
            raise DataError(
                f"the genome has no contig {str(contig)!r}",
                where=table.place(row, "contig"),
                remedy=f"use the names of {genome.path}",
            )
        if found.setdefault(str(name), str(contig)) != contig:
            raise DataError(
                f"{str(name)!r} stands for two contigs",
                where=table.place(row, "name"),
                remedy="keep one row per name",
            )
    return found
