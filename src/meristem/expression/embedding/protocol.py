"""What an embedder offers: sequences of one length in, numbers by position out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.records import StrArray

Embedding = NDArray[np.float32]


class Embedder(Protocol):
    """Turns sequences of one length into numbers, position bin by position bin."""

    @property
    def name(self) -> str:
        """What it is, for reports."""
        ...

    @property
    def key(self) -> str:
        """Digest of everything that an embedding depends on besides its sequence."""
        ...

    @property
    def length(self) -> int:
        """Length of the sequences, bp."""
        ...

    @property
    def n_bin(self) -> int:
        """Position bins; their numbers stand together, the first bin first."""
        ...

    @property
    def channels(self) -> StrArray:
        """(n_channel,) what the numbers of every bin are."""
        ...

    def embed(self, sequences: Sequence[str]) -> Embedding:
        """Return (n, n_bin * n_channel) numbers of the sequences."""
        ...


def bin_edges(length: int, n_bin: int) -> NDArray[np.int64]:  # (n_bin + 1,)
    """Return where position bins begin, and the end of the last.

    Examples
    --------
    >>> bin_edges(10, 4).tolist()
    [0, 2, 5, 8, 10]
    """
    return np.rint(np.linspace(0, length, n_bin + 1)).astype(np.int64)


def bin_middles(length: int, n_bin: int, upstream: int) -> NDArray[np.float64]:
    """Return the middle of every bin, bp from the start of transcription.

    Examples
    --------
    >>> bin_middles(10, 2, 8).tolist()
    [-6.0, -1.0]
    """
    edges = bin_edges(length, n_bin)
    return (edges[:-1] + edges[1:] - 1) / 2 - upstream
