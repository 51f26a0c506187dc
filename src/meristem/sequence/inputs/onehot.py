"""One-hot coding of DNA: channels A, C, G, T; unknown bases and padding are zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError

OneHot = NDArray[np.float32]
"""(n, 4, length) one-hot bases; all zero where the base is unknown or padding."""

Pad = Literal["both", "left", "right"]
"""On which side a sequence is filled up to the length of a window."""

BASES = "ACGT"

_IUPAC = "RYSWKMBDHVN"  # ambiguous bases are unknown bases to a model
_CODE = np.full(256, 9, dtype=np.uint8)
for _place, _base in enumerate(BASES):
    _CODE[ord(_base)] = _CODE[ord(_base.lower())] = _place
_CODE[ord("U")] = _CODE[ord("u")] = 3
for _base in _IUPAC:
    _CODE[ord(_base)] = _CODE[ord(_base.lower())] = 4

_LETTER = np.frombuffer(b"ACGTN", dtype=np.uint8)
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def clean_sequence(text: str, where: str) -> str:
    """Return a sequence in capitals of A, C, G, T and N.

    Parameters
    ----------
    text
        DNA or RNA; ambiguous IUPAC codes become N.
    where
        Place of the sequence, for the message.

    Raises
    ------
    DataError
        If it is empty, or holds a sign that stands for no base.

    Examples
    --------
    >>> clean_sequence("acguR", "x")
    'ACGTN'
    """
    raw = np.frombuffer(text.strip().encode("latin1", "replace"), dtype=np.uint8)
    if raw.size == 0:
        raise DataError(
            "the sequence is empty", where=where, remedy="delete the row, or fill it"
        )
    code = _CODE[raw]
    wrong = np.flatnonzero(code == 9)
    if wrong.size:
        sign = chr(raw[wrong[0]])
        raise DataError(
            f"{sign!r} at position {wrong[0] + 1} is no base",
            where=where,
            remedy="give DNA of A, C, G, T, N; check that the column holds sequences",
        )
    return _LETTER[code].tobytes().decode()


def codes(sequence: str) -> NDArray[np.uint8]:  # (length,)
    """Return bases as 0 to 3 in the order A, C, G, T, and 4 where unknown."""
    code = _CODE[np.frombuffer(sequence.encode(), dtype=np.uint8)]
    return np.minimum(code, 4)


def code_matrix(
    sequences: Sequence[str], length: int | None = None, pad: Pad = "both"
) -> NDArray[np.uint8]:  # (n, length)
    """Return codes of bases, filled up with 4 (unknown) to one length.

    Parameters
    ----------
    sequences
        Clean sequences.
    length
        Length in bp; default: that of the longest.
    pad
        Side that is filled up. Longer sequences are cut on the same side.
    """
    width = max(map(len, sequences)) if length is None else length
    out = np.full((len(sequences), width), 4, dtype=np.uint8)
    for row, sequence in enumerate(sequences):
        code = codes(sequence)
        spare = width - code.size
        shift = {"left": spare, "right": 0, "both": spare // 2}[pad]
        if spare < 0:
            code, shift = code[-shift : width - shift], 0
        out[row, shift : shift + code.size] = code
    return out


def encode(
    sequences: Sequence[str], length: int | None = None, pad: Pad = "both"
) -> OneHot:  # (n, 4, length)
    """Return one-hot bases of sequences (see `code_matrix`).

    Examples
    --------
    >>> encode(["AC", "N"])[0].argmax(axis=0).tolist()
    [0, 1]
    >>> float(encode(["AC", "N"])[1].sum())
    0.0
    """
    return one_hot(code_matrix(sequences, length, pad))


def one_hot(
    code: NDArray[np.uint8],  # (n, length)
) -> OneHot:  # (n, 4, length)
    """Return one-hot bases of codes."""
    table = np.vstack([np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)])
    return np.ascontiguousarray(table[code].transpose(0, 2, 1))


def base_codes(
    onehot: OneHot,  # (n, 4, length)
) -> NDArray[np.uint8]:  # (n, length)
    """Return the codes of one-hot bases; 4 where no channel is 1."""
    known = onehot.max(axis=1) > 0.5
    return np.where(known, onehot.argmax(axis=1), 4).astype(np.uint8)


def decode(onehot: OneHot) -> list[str]:
    """Return sequences as text.

    Examples
    --------
    >>> decode(encode(["ACGTN"]))
    ['ACGTN']
    """
    letters = _LETTER[base_codes(onehot)]
    return [row.tobytes().decode() for row in letters]


def reverse_complement(sequence: str) -> str:
    """Return the other strand of a clean sequence.

    Examples
    --------
    >>> reverse_complement("AACN")
    'NGTT'
    """
    return sequence.translate(_COMPLEMENT)[::-1]


def flip(onehot: OneHot) -> OneHot:  # (n, 4, length)
    """Return the reverse complement of one-hot bases."""
    return np.ascontiguousarray(onehot[:, ::-1, ::-1])
