"""Read a genome in FASTA."""

from __future__ import annotations

from pathlib import Path

from meristem.errors import DataError
from meristem.text.files import read_text


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
    if not text.startswith(">"):
        raise DataError(
            "does not begin with >: it is no FASTA file",
            where=path,
            remedy="give the reference genome of the variants' positions",
        )
    found: dict[str, str] = {}
    for part in text[1:].split("\n>"):
        head, _, body = part.partition("\n")
        name = head.split()[0] if head.split() else ""
        if not name or name in found:
            raise DataError(
                f"contig {name!r} has no name or stands in it twice",
                where=path,
                remedy="give every sequence a name of its own",
            )
        found[name] = body.replace("\n", "").replace(" ", "")
    return found
