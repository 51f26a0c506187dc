"""One-hot coding of DNA: channels A, C, G, T; unknown bases and padding are zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import IntArray
from meristem.sequence.genome.bases import ONE_HOT, clean_bases
from meristem.sequence.genome.bases import encode as base_code

OneHot = NDArray[np.float32]
"""(n, 4, length) one-hot bases; all zero where the base is unknown or padding."""

Pad = Literal["both", "left", "right"]
"""On which side a sequence is filled up to the length of a window."""

BASES = "ACGT"

COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)
"""Code of the base that pairs with each; unknown with unknown."""

_LETTER = np.frombuffer(b"ACGTN", dtype=np.uint8)


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
    letters = text.strip().encode("latin1", "replace")
    if not letters:
        raise DataError(
            "the sequence is empty", where=where, remedy="delete the row, or fill it"
        )
    return _LETTER[base_code(clean_bases(letters, where))].tobytes().decode()


def codes(sequence: str) -> NDArray[np.uint8]:  # (length,)
    """Return bases as 0 to 3 in the order A, C, G, T, and 4 where unknown."""
    return base_code(np.frombuffer(sequence.encode(), dtype=np.uint8))


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
    return np.ascontiguousarray(ONE_HOT[code].transpose(0, 2, 1))


def base_codes(
    onehot: OneHot,  # (n, 4, length)
) -> NDArray[np.uint8]:  # (n, length)
    """Return the codes of one-hot bases; 4 where no channel is 1."""
    known = onehot.max(axis=1) > 0.5
    return np.where(known, onehot.argmax(axis=1), 4).astype(np.uint8)


def hard_codes(
    onehot: OneHot,  # (n, 4, length)
) -> NDArray[np.uint8] | None:  # (n, length)
    """Return the codes of bases; None where any is a mixture, such as half A, half G.

    Examples
    --------
    >>> hard_codes(encode(["ACN"])).tolist()
    [[0, 1, 4]]
    >>> hard_codes(encode(["AC"]) / 2) is None
    True
    """
    known = onehot.sum(axis=1)
    if not (np.array_equal(onehot * onehot, onehot) and known.max(initial=0) <= 1):
        return None
    code = onehot[:, 1] + 2 * onehot[:, 2] + 3 * onehot[:, 3] + 4 * (1 - known)
    return code.astype(np.uint8)


def decode(onehot: OneHot) -> list[str]:
    """Return sequences as text.

    Examples
    --------
    >>> decode(encode(["ACGTN"]))
    ['ACGTN']
    """
    letters = _LETTER[base_codes(onehot)]
    return [row.tobytes().decode() for row in letters]


def flip(onehot: OneHot) -> OneHot:  # (n, 4, length)
    """Return the reverse complement of one-hot bases."""
    return np.ascontiguousarray(onehot[:, ::-1, ::-1])


def substitute(
    onehot: OneHot,  # (n, 4, length)
    row: IntArray,  # (m,)
    place: IntArray,  # (m,)
    base: IntArray,  # (m,) 0 to 3
) -> OneHot:  # (m, 4, length)
    """Return copies of sequences, each with one base replaced.

    Examples
    --------
    >>> made = substitute(encode(["AAC"]), np.array([0]), np.array([1]), np.array([3]))
    >>> base_codes(made).tolist()
    [[0, 3, 1]]
    """
    made = onehot[row]
    every = np.arange(len(made))
    made[every, :, place] = 0
    made[every, base, place] = 1
    return made
