"""Read stretches of the genome that are known beforehand: QTL of the literature."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.records import IntArray, StrArray
from meristem.text.column_names import find_column
from meristem.text.columns import read_table

_NAMES = {
    "name": "name qtl qtlname id region trait".split(),
    "contig": "contig chromosome chrom chr".split(),
    "start": "start begin from".split(),
    "end": "end stop to".split(),
}


def read_regions(path: Path) -> tuple[StrArray, StrArray, IntArray, IntArray]:
    """Return name, contig, start and end (bp, 1-based, both included) of each region.

    Raises
    ------
    DataError
        If a column is not there, or a region ends before it starts.
    """
    table = read_table(path)
    columns: dict[str, str] = {}
    for what, usual in _NAMES.items():
        found = find_column(table, usual, columns.values())
        if found is None:
            raise DataError(
                f"has no column {what!r}; it has {', '.join(table.column_name[:12])}",
                where=path,
                remedy="name the columns name, contig, start, end",
            )
        columns[what] = found
    start = table.numbers(columns["start"], largest=1e12)
    end = table.numbers(columns["end"], largest=1e12)
    wrong = np.flatnonzero(~((start >= 0) & (end >= start)))
    if wrong.size:
        raise DataError(
            "start or end is missing, or the end lies before the start",
            where=table.place(int(wrong[0]), columns["end"]),
            remedy="give bp, the smaller first",
        )
    return (
        table.labels(columns["name"]),
        table.labels(columns["contig"]),
        start.astype(np.int64),
        end.astype(np.int64),
    )
