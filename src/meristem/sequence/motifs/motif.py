"""A motif as base probabilities by position, read from and written as MEME text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray
from meristem.text.files import read_text, write_text
from meristem.text.lines import numbered_lines

ALPHABET = "ACGT"
MOST_OFF = 0.01
"""By how much the probabilities of a position may miss one: files round them."""

_WIDTH = re.compile(r"\bw\s*=\s*(\d+)")
_LETTERS = re.compile(r"^ALPHABET\s*=?\s*(\S*)")


@dataclass(frozen=True)
class Motif:
    """What a protein, or a filter of a model, binds.

    Raises
    ------
    DataError
        If the probabilities are not (4, width), negative, or do not sum to one.

    Examples
    --------
    >>> motif = Motif("M1", "TATA", np.full((4, 6), 0.25))
    >>> motif.width
    6
    """

    name: str  # unique, such as MA0265.3
    label: str  # what people call it, such as ABF1; may be empty
    probability: FloatArray  # (4, width), order A, C, G, T; every column sums to one

    def __post_init__(self) -> None:
        p = self.probability
        if p.ndim != 2 or p.shape[0] != 4 or p.shape[1] == 0:
            raise DataError(
                f"its probabilities have the shape {p.shape}, not (4, width)",
                where=f"motif {self.name!r}",
                remedy="give one row for each of A, C, G, T and a column by position",
            )
        fault = probability_fault(p)
        if fault:
            raise DataError(fault, where=f"motif {self.name!r}", remedy=_REMEDY)

    @property
    def width(self) -> int:
        """Number of positions, bp."""
        return self.probability.shape[1]

    @property
    def title(self) -> str:
        """Name and label."""
        return f"{self.name} {self.label}".strip()


_REMEDY = "give frequencies of A, C, G and T that sum to one, not counts or log-odds"


_ROWS = "write one row of A, C, G, T by position, as many as w= says"


def probability_fault(p: FloatArray) -> str:  # p: (4, width)
    """Say what is wrong with the probabilities of a motif; empty: nothing.

    Examples
    --------
    >>> probability_fault(np.array([[1.0, 0.5], [0, 0.2], [0, 0.2], [0, 0.2]]))
    'the probabilities of position 2 sum to 1.1, not to one'
    """
    odd = np.flatnonzero(~np.isfinite(p).all(axis=0) | (p < 0).any(axis=0))
    if odd.size:
        return f"position {odd[0] + 1} holds a value that is no probability"
    total = p.sum(axis=0)
    off = np.flatnonzero(np.abs(total - 1.0) > MOST_OFF)
    if off.size:
        return (
            f"the probabilities of position {off[0] + 1} sum to "
            f"{total[off[0]]:.4g}, not to one"
        )
    return ""


def reverse_complement(motif: Motif) -> Motif:
    """Return the motif as the other strand shows it.

    Examples
    --------
    >>> one = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])  # AC
    >>> reverse_complement(Motif("m", "", one)).probability.argmax(axis=0).tolist()
    [2, 3]
    """
    return Motif(motif.name, motif.label, motif.probability[::-1, ::-1].copy())


def information(motif: Motif) -> FloatArray:  # (width,)
    """Return the information of every position in bits, 0 to 2.

    References
    ----------
    Schneider TD, Stephens RM (1990) Nucleic Acids Research 18:6097-6100.

    Examples
    --------
    >>> bool(np.allclose(information(Motif("m", "", np.full((4, 3), 0.25))), 0))
    True
    """
    p = motif.probability
    logarithm = np.log2(np.where(p > 0, p, 1.0))
    return 2.0 + (p * logarithm).sum(axis=0)


def read_meme(path: str | Path) -> list[Motif]:
    r"""Read the motifs of a MEME text file (version 4 or 5), plain or gzipped.

    Parameters
    ----------
    path
        Minimal or full MEME text of DNA motifs.

    Returns
    -------
    list of Motif
        In file order; columns are scaled to sum to exactly one.

    Raises
    ------
    DataError
        If the file has no motif, another alphabet, a name twice, a matrix of another
        size than its header says, or a position whose probabilities do not sum to
        one (within `MOST_OFF`); always with the line.

    References
    ----------
    https://meme-suite.org/meme/doc/meme-format.html

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> text = "MEME version 4\n\nMOTIF M1 ABF1\n"
    >>> text += "letter-probability matrix: alength= 4 w= 2\n1 0 0 0\n0 0 .5 .5\n"
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "one.meme"
    ...     _ = path.write_text(text)
    ...     motifs = read_meme(path)
    >>> motifs[0].title, motifs[0].probability[:, 1].tolist()
    ('M1 ABF1', [0.0, 0.0, 0.5, 0.5])
    """
    lines = numbered_lines(read_text(path))
    motifs: dict[str, Motif] = {}
    name = label = ""
    opened = 0  # line of a MOTIF that waits for its matrix
    read = ""  # motif whose matrix ended in the line before
    for number, line in lines:
        words = line.split()
        where = f"{path}, line {number}"
        if line.startswith("ALPHABET"):
            _require_dna(line, where)
        elif words[0] == "MOTIF":
            _require_matrix(name, opened, path)
            name, label = _names(words, motifs, where)
            opened = number
        elif line.startswith("letter-probability") and opened:
            motifs[name] = _matrix(name, label, line, lines, where)
            opened, read = 0, name
            continue
        elif read and len(_numbers(line)) == len(ALPHABET):
            raise DataError(
                f"the motif {read!r} has more rows of numbers than its header says",
                where=where,
                remedy=_ROWS,
            )
        read = ""
    _require_matrix(name, opened, path)
    if not motifs:
        raise DataError(
            "holds no motif",
            where=path,
            remedy="give MEME text: lines `MOTIF name`, then `letter-probability "
            "matrix: alength= 4 w= ...` and a row of four numbers by position",
        )
    return list(motifs.values())


def _require_dna(line: str, where: str) -> None:
    found = _LETTERS.match(line)
    letters = (found.group(1) if found else "").strip('"').upper()
    if letters not in (ALPHABET, "DNA", '"DNA"'):
        raise DataError(
            f"the alphabet is {letters or 'not named'}, not {ALPHABET}",
            where=where,
            remedy="give motifs of DNA; RNA and protein motifs cannot be placed on it",
        )


def _names(words: list[str], known: dict[str, Motif], where: str) -> tuple[str, str]:
    if len(words) < 2:
        raise DataError("a motif has no name", where=where, remedy="write MOTIF name")
    if words[1] in known:
        raise DataError(
            f"the motif {words[1]!r} stands there twice",
            where=where,
            remedy="give every motif a name of its own",
        )
    return words[1], " ".join(words[2:])


def _require_matrix(name: str, opened: int, path: str | Path) -> None:
    if opened:
        raise DataError(
            f"the motif {name!r} has no letter-probability matrix",
            where=f"{path}, line {opened}",
            remedy="write `letter-probability matrix: alength= 4 w= WIDTH` behind it; "
            "log-odds alone cannot be used",
        )


def _numbers(line: str) -> list[float]:
    """Return the numbers of a line; none where it holds anything else."""
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return []


def _matrix(
    name: str, label: str, header: str, lines: Iterator[tuple[int, str]], where: str
) -> Motif:
    """Read as many rows as the header says, or up to the next keyword without it."""
    stated = _WIDTH.search(header)
    if stated is None:
        raise DataError(
            f"the matrix of {name!r} does not say how wide it is",
            where=where,
            remedy="write `w= WIDTH` in the line `letter-probability matrix:`",
        )
    width = int(stated.group(1))
    rows: list[list[float]] = []
    while len(rows) < width:
        number, line = next(lines, (0, ""))
        values = _numbers(line)
        if len(values) != 4:
            raise DataError(
                f"the motif {name!r} has {len(rows)} rows of four numbers, its header "
                f"says {width}",
                where=f"{where.rsplit(', line', 1)[0]}, line {number}"
                if number
                else where,
                remedy=_ROWS,
            )
        rows.append(values)
        fault = probability_fault(np.array([values]).T)
        if fault:
            raise DataError(
                f"motif {name!r}: "
                + fault.replace("position 1", f"position {len(rows)}"),
                where=f"{where.rsplit(', line', 1)[0]}, line {number}",
                remedy=_REMEDY,
            )
    p = np.array(rows).T
    return Motif(name, label, p / p.sum(axis=0))


def write_meme(motifs: Sequence[Motif], path: str | Path) -> None:
    """Write motifs as minimal MEME text, whole or not at all.

    Raises
    ------
    DataError
        If there is no motif, a name is given twice or holds a blank, or the file
        cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "one.meme"
    ...     write_meme([Motif("M1", "flat", np.full((4, 5), 0.25))], path)
    ...     print(read_meme(path)[0].width)
    5
    """
    names = [motif.name for motif in motifs]
    odd = [n for n in names if not n or any(c.isspace() for c in n)]
    twice = (
        {n for n in names if names.count(n) > 1} if len(set(names)) < len(names) else ()
    )
    if not names or odd or twice:
        what = (
            "there is no motif to write"
            if not names
            else f"motifs cannot be named {sorted({*odd, *twice})[0]!r}: names are "
            "unique words without blanks"
        )
        raise DataError(what, where=path, remedy="name the motifs differently")
    blocks = [
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
        "Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n"
    ]
    for motif in motifs:
        rows = (" ".join(f"{v:.6f}" for v in column) for column in motif.probability.T)
        blocks.append(
            f"MOTIF {motif.title}\nletter-probability matrix: alength= 4 "
            f"w= {motif.width}\n" + "\n".join(rows) + "\n"
        )
    write_text(path, "\n".join(blocks))
