"""Read FASTA: one parser for genomes and for sequences to model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from meristem.errors import DataError
from meristem.text.files import read_text


class Record(NamedTuple):
    """One sequence of a file."""

    name: str  # the first word behind >
    line: int  # where it begins, from 1
    text: str  # its letters as they stand there


def parse_fasta(lines: Iterable[str], path: str | Path) -> Iterator[Record]:
    """Give the sequences of the lines of a FASTA file; lines with ; are comments.

    Raises
    ------
    DataError
        With the line: text before the first `>`, or a name that is empty or given
        twice; or if there is no sequence.

    Examples
    --------
    >>> [tuple(r) for r in parse_fasta([">1 first", "ACG", "T"], "x.fa")]
    [('1', 1, 'ACGT')]
    """
    known: set[str] = set()
    name, begun = "", 0
    parts: list[str] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith(">"):
            if begun:
                yield Record(name, begun, "".join(parts))
            words = text[1:].split()
            name, begun, parts = (words[0] if words else ""), number, []
            if not name or name in known:
                what = (
                    f"the name {name!r} stands there twice" if name else "has no name"
                )
                raise DataError(
                    what,
                    where=f"{path}, line {number}",
                    remedy="give every sequence a name of its own behind >",
                )
            known.add(name)
        elif text and not text.startswith(";"):
            if not begun:
                raise no_fasta(path)
            parts.append(text.replace(" ", ""))
    if not begun:
        raise no_fasta(path)
    yield Record(name, begun, "".join(parts))


def no_fasta(path: str | Path) -> DataError:
    """Return what is said of a file that does not begin with `>`."""
    return DataError(
        "is no FASTA file: it does not begin with > and a name",
        where=path,
        remedy="give lines `>name`, then bases",
    )


def read_fasta(path: Path) -> dict[str, str]:
    r"""Return contig to sequence; a name ends at the first blank.

    Raises
    ------
    DataError
        If the file is no FASTA, or a contig stands in it twice.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.fa"
    ...     _ = path.write_text(">1 first\nACG\nT\n>2\nGG\n")
    ...     read_fasta(path)
    {'1': 'ACGT', '2': 'GG'}
    """
    text = read_text(path, most_line=100_000_000)
    return {r.name: r.text for r in parse_fasta(text.splitlines(), path)}
