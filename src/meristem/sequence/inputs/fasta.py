"""FASTA files of sequences to model, plain or gzipped (not genomes: see `genome`)."""

from __future__ import annotations

from pathlib import Path

from meristem.io.fasta import parse_fasta
from meristem.sequence.inputs.onehot import clean_sequence
from meristem.text.files import read_text


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
    return {
        r.name: clean_sequence(r.text, f"{path}, line {r.line}, sequence {r.name!r}")
        for r in parse_fasta(read_text(path).splitlines(), path)
    }
