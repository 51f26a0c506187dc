"""FASTA files of sequences to model, plain or gzipped (not genomes: see `genome`)."""

from __future__ import annotations

from pathlib import Path

from meristem.errors import DataError
from meristem.sequence.inputs.onehot import clean_sequence
from meristem.text.files import read_text, write_text

_WIDTH = 80


def is_fasta(path: str | Path) -> bool:
    """Return whether a file is FASTA by its name."""
    name = Path(path).name.lower().removesuffix(".gz").removesuffix(".bgz")
    return name.endswith((".fa", ".fasta", ".fna", ".fas"))


def read_fasta(path: str | Path) -> dict[str, str]:
    r"""Return sequences by id: the first word behind `>`.

    Parameters
    ----------
    path
        Plain, gzip or bgzip.

    Raises
    ------
    DataError
        With the line: text before the first `>`, an id that is empty or given twice,
        a sequence that is empty or holds what is no base.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.fa"
    ...     _ = path.write_text(">one first\nACG\nTN\n")
    ...     read_fasta(path)
    {'one': 'ACGTN'}
    """
    found: dict[str, str] = {}
    name, begun = "", 0
    parts: list[str] = []

    def close() -> None:
        if begun:
            place = f"{path}, line {begun}, sequence {name!r}"
            found[name] = clean_sequence("".join(parts), place)

    for number, line in enumerate(read_text(path).splitlines(), start=1):
        text = line.strip()
        if text.startswith(">"):
            close()
            words = text[1:].split()
            name, begun, parts = (words[0] if words else ""), number, []
            if not name or name in found:
                what = f"the id {name!r} stands there twice" if name else "has no id"
                raise DataError(
                    what,
                    where=f"{path}, line {number}",
                    remedy="give every sequence an id of its own behind >",
                )
        elif text and not begun:
            raise DataError(
                "does not begin with > and an id",
                where=f"{path}, line {number}",
                remedy="give FASTA, or a table with a column of sequences",
            )
        elif text and not text.startswith(";"):
            parts.append(text)
    close()
    if not found:
        raise DataError("holds no sequence", where=path, remedy="give FASTA")
    return found


def write_fasta(sequences: dict[str, str], path: str | Path) -> None:
    """Write sequences, 80 bases a line, whole or not at all."""
    lines = []
    for name, sequence in sequences.items():
        lines.append(f">{name}")
        lines += [sequence[i : i + _WIDTH] for i in range(0, len(sequence), _WIDTH)]
    write_text(path, "\n".join(lines) + "\n")
