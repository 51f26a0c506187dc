"""How a variant changes the occupancy of motifs, without any training.

The occupancy of a motif on a stretch of DNA is Z / (Z + K), Z = sum 2^s over all
places and both strands, s the log-odds in bits, K halfway between the best site and
one that random DNA shows once in 10,000 places. A variant changes only the places that
overlap it: the others are taken from one scan of the reference that neighbouring
variants share.

References
----------
Foat BC, Morozov AV, Bussemaker HJ (2006) Bioinformatics 22:e141-e149 (sums of relative
affinities over all sites).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray
from meristem.sequence.genome.bases import CodeArray, encode
from meristem.sequence.motifs.scan import MotifBank, score_windows

_STEP = 1024  # placements scored at once
_SITES = 512  # alternate alleles scored at once


class Change(NamedTuple):
    """Bases of a contig replaced by others."""

    start: int  # 0-based
    end: int
    alt: str


def occupancy(affinity: FloatArray, bank: MotifBank) -> FloatArray:
    """Return Z / (Z + K) for summed affinities Z, (..., n_motif)."""
    return affinity / (affinity + np.exp2(bank.threshold))


def occupancy_changes(
    contig: CodeArray,  # (length,)
    changes: Sequence[Change],
    bank: MotifBank,
    window: int,
) -> NDArray[np.float32]:  # (n_change, n_motif) -1 to 1
    """Return occupancy with the change minus without it.

    Parameters
    ----------
    contig
        Codes of the reference, see `encode`.
    changes
        Changes, ascending.
    bank
        Motifs.
    window
        bp around the change that count as one site, half on either side.
    """
    half = window // 2
    left = np.array([max(c.start - half, 0) for c in changes])
    right = np.array([min(c.end + half, contig.size) for c in changes])
    start = np.array([c.start for c in changes])
    end = np.array([c.end for c in changes])
    codes, shift = _join(contig, left, right)
    total = np.empty((len(changes), len(bank.motifs)))
    touched = np.empty_like(total)
    for member, summed in _summed(codes, bank):
        for column, index in enumerate(member):
            width = int(bank.width[index])
            cumulative = summed[column]
            last = np.maximum(right - width + 1, left)
            total[:, index] = cumulative[last + shift] - cumulative[left + shift]
            first = np.maximum(start - width + 1, left)
            after = np.clip(end, first, last)
            if (start == end).any():  # an insertion breaks the places across it
                after = np.where(start == end, np.clip(start, first, last), after)
            touched[:, index] = cumulative[after + shift] - cumulative[first + shift]
    kept = np.maximum(total - touched, 0.0)
    changed = kept + _alternate(contig, changes, bank, left, right)
    return (occupancy(changed, bank) - occupancy(total, bank)).astype(np.float32)


def _affinity(
    bits: NDArray[np.float32],  # (n, n_start, 2, n_motif) overwritten
) -> NDArray[np.float32]:  # (n, n_start, n_motif)
    """Return 2^s summed over the strands; exp is faster than exp2."""
    bits *= np.float32(np.log(2))
    np.exp(bits, out=bits)
    return bits[:, :, 0] + bits[:, :, 1]


def _join(
    contig: CodeArray, left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[CodeArray, NDArray[np.int64]]:
    """Return the union of the windows in one array, and the shift of each into it."""
    pieces, shift = [], np.empty(left.size, np.int64)
    size, begin, stop = 0, int(left[0]), int(right[0])
    first = 0
    for number in range(1, left.size + 1):
        if number < left.size and left[number] <= stop:
            stop = max(stop, int(right[number]))
            continue
        shift[first:number] = size - begin
        pieces.append(contig[begin:stop])
        size += stop - begin
        if number < left.size:
            begin, stop, first = int(left[number]), int(right[number]), number
    return np.concatenate(pieces), shift


def _summed(
    codes: CodeArray, bank: MotifBank
) -> list[tuple[NDArray[np.int64], FloatArray]]:
    """Return affinities summed over starts, (n_motif, n_start + 1) by group."""
    found = []
    for group in bank.groups:
        padded = np.append(codes, np.full(group.width - 1, 4, np.uint8))
        summed = np.zeros((group.member.size, codes.size + 1))
        for first in range(0, codes.size, _STEP):
            part = padded[None, first : first + _STEP + group.width - 1]
            affinity = _affinity(score_windows(part, group))[0]
            summed[:, first + 1 : first + 1 + affinity.shape[0]] = affinity.T
        np.cumsum(summed, axis=1, out=summed)
        found.append((group.member, summed))
    return found


def _alternate(
    contig: CodeArray,
    changes: Sequence[Change],
    bank: MotifBank,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> FloatArray:  # (n_change, n_motif)
    """Return the affinities of all places that the alternate allele touches."""
    affinity = np.zeros((len(changes), len(bank.motifs)))
    by_length: dict[int, list[int]] = {}
    for number, change in enumerate(changes):
        by_length.setdefault(len(change.alt), []).append(number)
    for length, numbers in by_length.items():
        alts = np.frombuffer(
            "".join(changes[i].alt for i in numbers).encode(), np.uint8
        )
        alt_codes = encode(alts).reshape(len(numbers), length)
        for first in range(0, len(numbers), _SITES):
            rows = np.array(numbers[first : first + _SITES])
            part = alt_codes[first : first + _SITES]
            _add_alternates(affinity, rows, part, (contig, changes, left, right), bank)
    return affinity


def _add_alternates(
    affinity: FloatArray,
    rows: NDArray[np.int64],
    alt: CodeArray,  # (n_row, length of the alternate alleles)
    around: tuple[CodeArray, Sequence[Change], NDArray[np.int64], NDArray[np.int64]],
    bank: MotifBank,
) -> None:
    contig, changes, left, right = around
    start = np.array([changes[i].start for i in rows])
    end = np.array([changes[i].end for i in rows])
    for group in bank.groups:
        reach = group.width - 1
        offset = np.arange(reach)
        before = _take(contig, start[:, None] - reach + offset, left[rows], right[rows])
        behind = _take(contig, end[:, None] + offset, left[rows], right[rows])
        codes = np.concatenate([before, alt, behind], axis=1)
        values = _affinity(score_windows(codes, group))
        place = np.arange(values.shape[1])  # start, from `reach` before the change
        in_front = reach - np.minimum(start - left[rows], reach)  # first base kept
        last = reach + alt.shape[1] + np.minimum(right[rows] - end, reach)
        width = bank.width[group.member]
        inside = (place[None, :, None] >= in_front[:, None, None]) & (
            place[None, :, None] + width <= last[:, None, None]
        )
        crosses = (place[:, None] + width > reach) & (
            place[:, None] < reach + alt.shape[1]
        )
        if alt.shape[1] == 0:
            crosses = (place[:, None] + width > reach) & (place[:, None] < reach)
        values *= inside & crosses
        affinity[np.ix_(rows, group.member)] = values.sum(axis=1)


def _take(
    contig: CodeArray,
    place: NDArray[np.int64],  # (n, k)
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> CodeArray:
    """Return codes at places, unknown beyond the window."""
    inside = (place >= left[:, None]) & (place < right[:, None])
    return np.where(inside, contig[np.clip(place, 0, contig.size - 1)], 4).astype(
        np.uint8
    )
