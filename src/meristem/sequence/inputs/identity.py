"""Near copies among sequences: shared k-mers of either strand, joined into clusters.

Two sequences that share a share c of their k-mers have an identity of about c^(1/k).
Adapters and cloning flanks, which most sequences carry, say nothing of descent: their
bases are masked first, so that no k-mer reaches into them.

References
----------
Ondov et al. 2016, Genome Biol 17:132 (identity from shared k-mers); Roberts et al.
2004, Bioinformatics 20:3363 (minimisers).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from meristem.records import IntArray
from meristem.sequence.inputs.onehot import codes

K = 12
"""Length of the k-mers: unrelated sequences of 250 bp hardly share one."""

ADAPTER = 1 / 3
"""Words of `ADAPTER_WORD` bp in more than this share of the sequences are adapters."""

ADAPTER_WORD = 8
LEAST_SHARED = 5
"""k-mers that copies share at least: 16 bp in a row."""

MOST_CARRIERS = 1000
"""k-mers of more sequences are repeats, and are left out."""

_FEW = 20  # sequences, of which a third may well be copies
_WINDOW = 5  # k-mers, of which the smallest hash is kept where many are compared
_MANY = 30_000  # sequences, above which minimisers stand for all k-mers


def cluster_copies(sequences: Sequence[str], identity: float = 0.8) -> IntArray:  # (n,)
    """Return the cluster of every sequence; copies share one, on any strand.

    Parameters
    ----------
    sequences
        Clean sequences.
    identity
        Share of equal bases from which two sequences count as copies, 0.5 to 1.
        Clusters are chains of copies.

    Examples
    --------
    >>> one = "ACGTTGCAAGCTTAGGCATCGATTACGGAT"
    >>> other = "TTTGACCCAGATACACCAGATTTGGGAACA"
    >>> from meristem.sequence.genome.bases import complement_strand
    >>> cluster_copies([one, other, complement_strand(one)]).tolist()
    [0, 1, 0]
    """
    shared = shared_kmers(sequences)
    size = np.asarray(shared.diagonal()).ravel()
    pairs = shared.tocoo()
    least = np.minimum(size[pairs.row], size[pairs.col])
    floor = np.minimum(np.maximum(least * identity**K, LEAST_SHARED), least)
    close = pairs.data >= floor
    links = sparse.coo_matrix(
        (np.ones(close.sum()), (pairs.row[close], pairs.col[close])), shared.shape
    )
    label: IntArray = connected_components(links, directed=False)[1].astype(np.int64)
    return label


def shared_kmers(sequences: Sequence[str]) -> sparse.csr_matrix:  # (n, n)
    """Return how many informative k-mers every two sequences share."""
    minimise = len(sequences) > _MANY
    found = [_kmers(code, minimise) for code in _without_adapters(sequences)]
    row = np.repeat(np.arange(len(found)), [part.size for part in found])
    if row.size == 0:
        return sparse.identity(len(sequences), format="csr")
    _, column, times = np.unique(
        np.concatenate(found), return_inverse=True, return_counts=True
    )
    informative = times <= max(MOST_CARRIERS, ADAPTER * len(sequences))
    kept = informative[column] & (times[column] > 1)
    shape = (len(sequences), int(column.max()) + 1)
    ones = np.ones(int(kept.sum()), dtype=np.int32)
    table = sparse.csr_matrix((ones, (row[kept], column[kept])), shape)
    shared = table @ table.T
    count = np.bincount(row[informative[column]], minlength=len(sequences))
    shared = shared.tolil()
    shared.setdiag(np.maximum(count, 1))
    return shared.tocsr()


def _without_adapters(sequences: Sequence[str]) -> list[IntArray]:
    """Return codes of sequences, unknown (4) where a word is an adapter's."""
    all_codes = [codes(text).astype(np.int64) for text in sequences]
    if len(sequences) < _FEW:
        return all_codes
    words = [_words(code) for code in all_codes]
    carriers = np.bincount(
        np.concatenate([np.unique(part[part >= 0]) for part in words]),
        minlength=4**ADAPTER_WORD,
    )
    adapter = carriers > ADAPTER * len(sequences)
    for code, own in zip(all_codes, words, strict=True):
        for start in np.flatnonzero((own >= 0) & adapter[own]):
            code[start : start + ADAPTER_WORD] = 4
    return all_codes


def _words(code: IntArray) -> IntArray:
    """Return the word that begins at every position; -1 with an unknown base."""
    n = max(code.size - ADAPTER_WORD + 1, 0)
    word, known = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for offset in range(ADAPTER_WORD):
        base = code[offset : offset + n]
        known &= base < 4
        word = word * 4 + np.minimum(base, 3)
    return np.where(known, word, -1)


def _kmers(code: IntArray, minimise: bool) -> NDArray[np.int64]:
    """Return the distinct canonical k-mers of a sequence as numbers."""
    n = code.size - K + 1
    if n < 1:
        return np.zeros(0, dtype=np.int64)
    forward, backward = np.zeros(n, np.int64), np.zeros(n, np.int64)
    known = np.ones(n, dtype=bool)
    for offset in range(K):
        base = code[offset : offset + n]
        known &= base < 4
        forward = forward * 4 + base
        backward = backward + (3 - base) * 4**offset
    number = np.minimum(forward, backward)
    if minimise and n > _WINDOW:
        scrambled = (number * 2_654_435_761) % (1 << 32)
        scrambled[~known] = 1 << 33
        windows = np.lib.stride_tricks.sliding_window_view(scrambled, _WINDOW)
        place = np.unique(windows.argmin(axis=1) + np.arange(len(windows)))
        number, known = number[place], known[place]
    return np.unique(number[known])
