"""Occupancies of known motifs and counts of k-mers in bins: needs no training.

Every number has a name, and both strands give the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from meristem.expression.embedding.protocol import Embedding
from meristem.records import StrArray
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of
from meristem.sequence.features.kmers import canonical, count_kmers
from meristem.sequence.features.occupancy import Bank, make_bank, occupancy
from meristem.sequence.inputs.onehot import code_matrix, one_hot
from meristem.sequence.motifs.motif import Motif


@dataclass(frozen=True)
class MotifEmbedder:
    """Occupancies and k-mers by position bin.

    A site belongs to the bin of its first base.
    """

    length: int  # bp
    n_bin: int
    motifs: tuple[Motif, ...]
    kmers: tuple[int, ...]  # lengths, bp
    threshold: float  # log-odds, nats

    @property
    def name(self) -> str:
        """What it is, for reports."""
        words = [f"{len(self.motifs)} motifs"] if self.motifs else []
        words += [f"{k}-mers" for k in self.kmers]
        return f"{', '.join(words)} in {self.n_bin} bins"

    @cached_property
    def key(self) -> str:
        """Digest of everything that an embedding depends on."""
        shapes = [(motif.name, motif.probability) for motif in self.motifs]
        own = (self.length, self.n_bin, self.kmers, self.threshold, shapes)
        return digest("motif", own, revision_of(MotifEmbedder))

    @cached_property
    def channels(self) -> StrArray:
        """(n_channel,) motifs by all sites and by the best one, then k-mers."""
        titles = [motif.title for motif in self.motifs]
        names = [
            f"{title}, {way}" for way in ("all sites", "best site") for title in titles
        ]
        for k in self.kmers:
            names += canonical(k)[1]
        return np.array(names)

    @cached_property
    def _bank(self) -> Bank:
        return make_bank(self.motifs)

    def embed(self, sequences: Sequence[str]) -> Embedding:
        """Return (n, n_bin * n_channel) numbers of the sequences."""
        code = code_matrix(sequences, self.length)
        n, blocks = len(sequences), []
        if self.motifs:
            pooled = occupancy(one_hot(code), self._bank, self.n_bin, self.threshold)
            blocks.append(pooled.transpose(0, 2, 1, 3).reshape(n, self.n_bin, -1))
        blocks += [
            count_kmers(code, k, self.n_bin).reshape(n, self.n_bin, -1)
            for k in self.kmers
        ]
        return np.concatenate(blocks, axis=2).reshape(n, -1)
