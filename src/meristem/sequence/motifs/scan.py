"""Scan DNA for motifs: log-odds on both strands, exact p values of a score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.records import FloatArray
from meristem.sequence.genome.bases import ONE_HOT, CodeArray
from meristem.sequence.motifs.motif import Motif

PSEUDO = 1e-4
"""Added to every probability before its logarithm, as FIMO of memelite does."""
P_RARE = 1e-4
"""A site as rare as this on random DNA may be a site."""
_BIN = 0.05  # bits
_STEP = 2048  # windows scored at once


def log_odds(motif: Motif) -> FloatArray:  # (4, width)
    """Return the score of every base at every position, in bits against 1/4."""
    return np.log2(motif.probability + PSEUDO) - np.log2(0.25)


def score_threshold(score: FloatArray, p_value: float) -> float:  # score: (4, width)
    """Return the score that random DNA reaches with at most this probability.

    The distribution of the score over all sequences is exact but for rounding to
    bins of 0.05 bits. Where no sequence is rare enough, it is infinite.

    Examples
    --------
    >>> one = np.full((4, 2), -5.0)
    >>> one[0] = 2.0  # AA: 1 of 16 sequences
    >>> -3 < score_threshold(one, 0.1) <= 4, score_threshold(one, 0.01)
    (True, inf)
    """
    steps = np.rint(score / _BIN).astype(np.int64)
    lowest = steps.min(axis=0)
    steps = steps - lowest
    density = np.ones(1)
    for column in steps.T:
        grown = np.zeros(density.size + int(column.max()))
        for step in column:
            grown[step : step + density.size] += 0.25 * density
        density = grown
    tail = np.cumsum(density[::-1])[::-1]
    rare = np.flatnonzero(tail <= p_value)
    if not rare.size:
        return np.inf
    return float(min((rare[0] + lowest.sum()) * _BIN, score.max(axis=0).sum()))


@dataclass(frozen=True)
class _Group:
    """Motifs of similar width, scored by one matrix product."""

    width: int  # of the widest; the others are padded on the right
    member: NDArray[np.int64]  # (n_motif_of_group,) places in the bank
    weight: NDArray[np.float32]  # (4 * width, 2 * n_motif_of_group) both strands


@dataclass(frozen=True)
class MotifBank:
    """Motifs ready to be scanned."""

    motifs: tuple[Motif, ...]

    @cached_property
    def width(self) -> NDArray[np.int64]:  # (n_motif,)
        """Width of every motif, bp."""
        return np.array([motif.width for motif in self.motifs])

    @cached_property
    def threshold(self) -> FloatArray:  # (n_motif,)
        """Score (bits) of a site that is bound half of the time.

        Halfway between the best site and one that random DNA shows once in 10,000
        places, so that the best is bound and one base that does not fit matters.
        """
        scores = [log_odds(motif) for motif in self.motifs]
        best = np.array([score.max(axis=0).sum() for score in scores])
        return (np.clip(self.rare, best / 2, best) + best) / 2

    @cached_property
    def rare(self) -> FloatArray:  # (n_motif,)
        """Score (bits) that random DNA shows once in 10,000 places."""
        scores = (log_odds(motif) for motif in self.motifs)
        return np.array([score_threshold(score, P_RARE) for score in scores])

    @cached_property
    def groups(self) -> tuple[_Group, ...]:
        """Motifs by width: narrow ones do not pay for the wide."""
        order = np.argsort(self.width, kind="stable")
        groups, edges = [], (8, 12, 16, 24, 1 << 20)
        for low, high in zip((0, *edges[:-1]), edges, strict=True):
            member = order[(self.width[order] > low) & (self.width[order] <= high)]
            if member.size:
                groups.append(self._group(member))
        return tuple(groups)

    def _group(self, member: NDArray[np.int64]) -> _Group:
        width = int(self.width[member].max())
        scores = [log_odds(self.motifs[index]) for index in member]
        return _Group(width, member, strand_weights(scores, width))


def score_windows(
    codes: CodeArray,  # (n, length) each row a sequence
    group: _Group,
) -> NDArray[np.float32]:  # (n, length - width + 1, 2, n_motif_of_group) bits
    """Return the score of every placement of the motifs of a group."""
    hot, weight = torch.from_numpy(ONE_HOT[codes]), torch.from_numpy(group.weight)
    return site_scores(hot, weight).numpy()


def site_scores(
    hot: Tensor,  # (n, length, 4) one-hot bases
    weight: Tensor,  # (4 * width, 2 * n_motif) see `strand_weights`
) -> Tensor:  # (n, length - width + 1, 2, n_motif)
    """Return the score of every placement of motifs of one width on both strands."""
    n, size = len(hot), weight.shape[0]
    rows = hot.flatten(1).unfold(1, size, 4)  # (n, n_start, 4 * width)
    found = rows.reshape(-1, size) @ weight
    return found.view(n, rows.shape[1], 2, -1)


def strand_weights(
    scores: Sequence[FloatArray],  # each (4, width)
    width: int,
) -> NDArray[np.float32]:  # (4 * width, 2 * n_motif)
    """Return scores of both strands as one matrix, filled up on the right with 0."""
    weight = np.zeros((width, 4, 2, len(scores)), np.float32)
    for column, score in enumerate(scores):
        n = score.shape[1]
        weight[:n, :, 0, column] = score.T
        weight[:n, :, 1, column] = score[::-1, ::-1].T
    return weight.reshape(4 * width, -1)


def scan(
    codes: CodeArray,  # (length,)
    bank: MotifBank,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Give every motif with its scores at every start, forward and reverse.

    Parameters
    ----------
    codes
        A sequence, see `encode`; unknown bases score nothing.
    bank
        The motifs.

    Yields
    ------
    int, numpy.ndarray
        Place of the motif in the bank, and its scores in bits, (2, n_start).
    """
    for group in bank.groups:
        padded = np.append(codes, np.full(group.width - 1, 4, np.uint8))
        scores = np.concatenate(
            [
                score_windows(
                    padded[None, start : start + _STEP + group.width - 1], group
                )[0]
                for start in range(0, codes.size, _STEP)
            ]
        )
        for column, index in enumerate(group.member):
            n_start = codes.size - int(bank.width[index]) + 1
            yield int(index), scores[: max(n_start, 0), :, column].T


@dataclass(frozen=True)
class Hit:
    """A place where a motif scores above its threshold."""

    sequence: str
    start: int  # 0-based
    end: int
    strand: str
    motif: str
    score: float  # bits


def find_hits(name: str, codes: CodeArray, bank: MotifBank) -> list[Hit]:
    """Return the sites of a sequence whose score is as rare as `P_RARE`.

    Sites that are likelier as random DNA than as the motif are no hits.

    Examples
    --------
    >>> from meristem.sequence.motifs.motif import Motif
    >>> sure = np.eye(4)[[0, 1, 2, 3, 0, 0, 0]].T  # ACGTAAA
    >>> from meristem.sequence.genome.bases import encode
    >>> codes = encode(np.frombuffer(b"GGTTTACGTCC", np.uint8))
    >>> hit, = find_hits("s", codes, MotifBank((Motif("m", "", sure),)))
    >>> hit.start, hit.strand
    (2, '-')
    """
    hits = []
    for index, scores in scan(codes, bank):
        motif = bank.motifs[index]
        limit = max(float(bank.rare[index]) - _BIN / 2, 0.0)
        for strand, start in np.argwhere(scores >= limit):
            score = float(scores[strand, start])
            end = int(start) + motif.width
            sign = "+-"[strand]
            hits.append(Hit(name, int(start), end, sign, motif.name, score))
    hits.sort(key=lambda hit: (hit.start, hit.motif, hit.strand))
    return hits


def make_bank(motifs: Sequence[Motif]) -> MotifBank:
    """Return motifs ready to be scanned."""
    return MotifBank(tuple(motifs))
