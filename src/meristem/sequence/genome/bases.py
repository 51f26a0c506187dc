"""Bases as letters, as numbers and as one-hot vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError

BaseArray = NDArray[np.uint8]
"""Letters in upper case as ASCII codes."""
CodeArray = NDArray[np.uint8]
"""0 to 3 for A, C, G, T; 4 for unknown."""

ONE_HOT = np.vstack([np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)])
"""One-hot vector of every code; that of an unknown base is zero."""

_LETTERS = b"ACGTUNRYSWKMBDHVX"
_UPPER = np.arange(256, dtype=np.uint8)
_UPPER[ord("a") : ord("z") + 1] -= 32
_KNOWN = np.isin(_UPPER, np.frombuffer(_LETTERS, np.uint8))
_CODE = np.full(256, 4, np.uint8)
for _number, _letter in enumerate(b"ACGT"):
    _CODE[_letter] = _number
_COMPLEMENT = str.maketrans("ACGTRYKMBVDHacgt", "TGCAYRMKVBHDtgca")


def clean_bases(letters: bytes, where: str) -> BaseArray:
    """Return sequence letters in upper case as ASCII codes, U as T.

    Raises
    ------
    DataError
        If a letter stands for no base (IUPAC), with its position.

    Examples
    --------
    >>> clean_bases(b"acGN", "here").tobytes()
    b'ACGN'
    """
    codes = np.frombuffer(letters, np.uint8)
    known = _KNOWN[codes]
    if not known.all():
        first = int(np.argmin(known))
        raise DataError(
            f"position {first + 1} holds {chr(codes[first])!r}, which is no base",
            where=where,
            remedy="give DNA: A, C, G, T, N and the other IUPAC letters",
        )
    upper = _UPPER[codes]
    upper[upper == ord("U")] = ord("T")
    return upper


def encode(bases: BaseArray) -> CodeArray:
    """Return bases as codes.

    Examples
    --------
    >>> encode(np.frombuffer(b"ACGTN", np.uint8)).tolist()
    [0, 1, 2, 3, 4]
    """
    return _CODE[bases]


def complement_strand(text: str) -> str:
    """Return the sequence of the other strand, 5' to 3'.

    Examples
    --------
    >>> complement_strand("AACG")
    'CGTT'
    """
    return text.translate(_COMPLEMENT)[::-1]
