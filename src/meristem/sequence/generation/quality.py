"""What generated sequences are worth: words, activity, novelty, variety."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray
from meristem.sequence.features.kmers import count_kmers
from meristem.sequence.inputs.identity import cluster_copies
from meristem.sequence.inputs.onehot import code_matrix

WORD = 4
"""Length (bp) of the words whose spectrum is compared."""

IDENTITY = 0.8
"""Share of equal bases from which a sequence is a copy of another."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Quality:
    """How a set of sequences compares with sequences that trained nothing.

    Attributes
    ----------
    n
        Number of sequences.
    spectrum
        Jensen-Shannon divergence (bits) of the frequencies of `WORD`-mers, both
        strands as one, from those of real sequences; 0 is equal.
    copies
        Share that copy a training sequence (see `identity.cluster_copies`).
    repeats
        Share that copy another of the set.
    gc
        Share of G and C.
    """

    n: int
    spectrum: float
    copies: float
    repeats: float
    gc: float

    def row(self) -> dict[str, float]:
        """Return the values by name."""
        return asdict(self)


def judge(made: Sequence[str], train: Sequence[str], held: Sequence[str]) -> Quality:
    """Return the quality of sequences.

    Parameters
    ----------
    made
        Sequences to judge.
    train
        What their maker was trained on.
    held
        Real sequences that trained nothing.
    """
    label = cluster_copies([*made, *train], IDENTITY)
    own, theirs = label[: len(made)], label[len(made) :]
    size = np.bincount(own, minlength=int(label.max()) + 1)
    codes = code_matrix(made)
    known = codes < 4
    return Quality(
        len(made),
        divergence(spectrum(made), spectrum(held)),
        float(np.isin(own, theirs).mean()),
        float((size[own] > 1).mean()),
        float(((codes == 1) | (codes == 2)).sum() / max(known.sum(), 1)),
    )


def spectrum(sequences: Sequence[str]) -> FloatArray:  # (n_word,)
    """Return the frequencies of words, both strands as one."""
    count = count_kmers(code_matrix(sequences), WORD).sum(axis=0, dtype=np.float64)
    share: FloatArray = count / max(count.sum(), 1.0)
    return share


def divergence(one: FloatArray, other: FloatArray) -> float:
    """Return the Jensen-Shannon divergence of two distributions in bits, 0 to 1.

    Examples
    --------
    >>> divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    middle = (one + other) / 2

    def entropy(p: FloatArray) -> float:
        return float(-(p * np.log2(np.where(p > 0, p, 1.0))).sum())

    return entropy(middle) - (entropy(one) + entropy(other)) / 2
