"""Motifs from a file: MEME text, or counts as JASPAR writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.sequence.motifs.motif import ALPHABET, Motif, read_meme
from meristem.text.files import read_text
from meristem.text.lines import numbered_lines

_REMEDY = (
    "write `>name label`, then the counts of A, C, G and T in a line each, "
    "as JASPAR does: A [ 0 3 79 ]"
)


def read_motifs(path: str | Path) -> list[Motif]:
    r"""Read the motifs of a file, plain or gzipped.

    Parameters
    ----------
    path
        MEME text, or counts in the JASPAR format (with or without letters and
        brackets), whose motifs begin with `>`.

    Returns
    -------
    list of Motif
        In file order. Counts become shares of their position, without pseudocounts.

    Raises
    ------
    DataError
        As `read_meme`; of counts: if a motif has no name or that of another, not the
        four rows of one length, a number below zero, or a position without counts.

    References
    ----------
    https://jaspar.elixir.no/docs/ (matrix formats).

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> text = ">MA0001.1 AGL3\nA [0 3]\nC [94 75]\nG [1 0]\nT [2 19]\n"
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "one.jaspar"
    ...     _ = path.write_text(text)
    ...     motif = read_motifs(path)[0]
    >>> motif.title, motif.probability[:, 0].round(3).tolist()
    ('MA0001.1 AGL3', [0.0, 0.969, 0.01, 0.021])
    """
    lines = list(numbered_lines(read_text(path)))
    if not lines or not lines[0][1].startswith(">"):
        return read_meme(path)
    motifs: dict[str, Motif] = {}
    starts = [at for at, (_, line) in enumerate(lines) if line.startswith(">")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        number, line = lines[start]
        where = f"{path}, line {number}"
        name, *label = line[1:].split() or [""]
        if not name or name in motifs:
            what = f"the motif {name!r} stands there twice" if name else "no name"
            raise DataError(what, where=where, remedy="name every motif differently")
        count = _counts(lines[start + 1 : end], name, str(path), where)
        motifs[name] = Motif(name, " ".join(label), count / count.sum(axis=0))
    return list(motifs.values())


def _counts(
    lines: list[tuple[int, str]], name: str, path: str, where: str
) -> np.ndarray:  # (4, width)
    rows = []
    for (number, line), letter in zip(lines, ALPHABET, strict=False):
        words = line.replace("[", " ").replace("]", " ").split()
        lettered = words and words[0].isalpha()
        here = f"{path}, line {number}"
        if lettered and words[0].upper() != letter:
            raise DataError(
                f"the counts of {words[0]} stand where those of {letter} belong",
                where=here,
                remedy=_REMEDY,
            )
        try:
            row = [float(word) for word in (words[1:] if lettered else words)]
        except ValueError:
            row = []
        if not row or not all(0 <= count < np.inf for count in row):
            what = f"motif {name!r}: no row of counts of {letter}"
            raise DataError(what, where=here, remedy=_REMEDY)
        rows.append(row)
    if len(lines) != len(ALPHABET) or len({len(row) for row in rows}) != 1:
        sizes = ", ".join(str(len(row)) for row in rows)
        raise DataError(
            f"motif {name!r} has {len(lines)} rows of counts (of {sizes} positions), "
            "not four of one length",
            where=where,
            remedy=_REMEDY,
        )
    count = np.array(rows)
    empty = np.flatnonzero(count.sum(axis=0) == 0)
    if empty.size:
        raise DataError(
            f"motif {name!r}: position {empty[0] + 1} has no counts",
            where=where,
            remedy=_REMEDY,
        )
    return count
