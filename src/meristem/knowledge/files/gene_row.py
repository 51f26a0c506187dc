"""One gene as a file gives it."""

from __future__ import annotations

from typing import NamedTuple


class GeneRow(NamedTuple):
    """A gene with positions as written: from 1, both ends included."""

    gene_id: str
    contig: str
    start: int
    end: int
    strand: str  # "+", "-" or "."
    line: int  # where it stands, for messages
    label: str = ""
    aliases: tuple[str, ...] = ()
