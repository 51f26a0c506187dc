"""One gene as a file gives it."""

from __future__ import annotations

from typing import NamedTuple

from meristem.errors import KnowledgeError


def whole_number(text: str, field: str, where: str, remedy: str) -> int:
    """Return a position.

    Raises
    ------
    KnowledgeError
        If the text is no whole number.
    """
    try:
        return int(text)
    except ValueError as error:
        raise KnowledgeError(
            f"{field} {text!r} is not a whole number", where=where, remedy=remedy
        ) from error


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
