"""Counts of k-mers, both strands as one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from meristem.sequence.inputs.onehot import BASES


@lru_cache(maxsize=16)
def canonical(k: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the column of every k-mer, shared with its reverse complement.

    Parameters
    ----------
    k
        Length in bp, 1 to 8.

    Returns
    -------
    array
        (4^k,) column of the k-mer whose bases, read as digits to base 4, are the index.
    tuple of str
        The k-mer a column is named after: the first of the pair in the alphabet.

    Examples
    --------
    >>> canonical(1)[1]
    ('A', 'C')
    """
    code = np.arange(4**k)
    digits = (code[:, None] // 4 ** np.arange(k - 1, -1, -1)) % 4
    other = ((3 - digits[:, ::-1]) * 4 ** np.arange(k - 1, -1, -1)).sum(axis=1)
    first = np.minimum(code, other)
    unique, column = np.unique(first, return_inverse=True)
    names = tuple("".join(BASES[d] for d in digits[u]) for u in unique)
    return column.astype(np.int64), names


def count_kmers(
    code: NDArray[np.uint8],  # (n, length) 0..3, 4 unknown
    k: int,
    n_bin: int = 1,
) -> NDArray[np.float32]:  # (n, n_bin * n_kmer)
    """Return how often each k-mer occurs on either strand, per bin of positions.

    k-mers with an unknown base do not count.

    Parameters
    ----------
    code
        Codes of bases.
    k
        Length in bp.
    n_bin
        Equal parts of the sequence that are counted apart.
    """
    column, names = canonical(k)
    n, length = code.shape
    n_start = length - k + 1
    if n_start < 1:
        return np.zeros((n, n_bin * len(names)), dtype=np.float32)
    index = np.zeros((n, n_start), dtype=np.int64)
    known = np.ones((n, n_start), dtype=bool)
    for offset in range(k):
        base = code[:, offset : offset + n_start]
        index = index * 4 + np.minimum(base, 3)
        known &= base < 4
    part = np.arange(n_start) * n_bin // n_start
    width = n_bin * len(names)
    place = np.arange(n)[:, None] * width + part * len(names) + column[index]
    counts = np.bincount(place[known], minlength=n * width)
    return counts.reshape(n, width).astype(np.float32)
