"""Changes that one chromosome carries together: its sequence, joint codons, frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meristem.sequence.genome.bases import BaseArray
from meristem.sequence.variants.coding import (
    CodingTranscript,
    Consequence,
    Edit,
    codon_window,
    describe_edits,
)


def compatible(edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits that one chromosome can carry together, ascending.

    Of two that overlap the first stays, as in `bcftools consensus`; bases may be
    inserted in front of a change.

    Examples
    --------
    >>> compatible([Edit(3, 6, ""), Edit(5, 6, "T"), Edit(6, 6, "G")])
    [Edit(start=3, end=6, alt=''), Edit(start=6, end=6, alt='G')]
    """
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if not kept or (edit.start, edit.end) > (kept[-1].end, kept[-1].start):
            kept.append(edit)
    return kept


def splice(
    bases: BaseArray,  # (length,)
    edits: Sequence[Edit],
    start: int,
    end: int,
) -> bytes:
    """Return a stretch of a contig as a chromosome with these edits has it.

    Parameters
    ----------
    bases
        The contig.
    edits
        Edits of the contig, `compatible`. Those beyond the stretch are passed over; of
        one that reaches into it, the bases within are replaced; bases inserted at its
        very end are left to the next stretch.
    start, end
        The stretch, 0-based, end excluded; may lie beyond the contig, without bases.

    Examples
    --------
    >>> contig = np.frombuffer(b"ACGTACGT", np.uint8)
    >>> splice(contig, [Edit(1, 3, ""), Edit(5, 5, "TT")], 0, 8)
    b'ATATTCGT'
    """
    parts, at = [], max(start, 0)
    for edit in edits:
        if edit.end < start or edit.start >= end or (edit.end == start > edit.start):
            continue
        parts += [bases[at : max(edit.start, at)].tobytes(), edit.alt.encode()]
        at = max(edit.end, at)
    parts.append(bases[at : max(end, at)].tobytes() if at < end else b"")
    return b"".join(parts)


def splice_around(
    bases: BaseArray,  # (length,)
    edits: Sequence[Edit],
    anchor: int,
    left: int,
    right: int,
    *,
    inserted_left: bool = True,
) -> str:
    """Return so many bases on both sides of a place, as a chromosome has them.

    What edits delete is made up for by bases further out, so that all haplotypes have
    one length and the place stays where it is; beyond the contig bases are N.

    Parameters
    ----------
    bases
        The contig.
    edits
        Edits of the contig, `compatible`.
    anchor
        The place: between the bases `anchor - 1` and `anchor`.
    left, right
        Bases on either side.
    inserted_left
        Whether bases inserted at the very place are on its left.

    Examples
    --------
    >>> contig = np.frombuffer(b"ACGTACGT", np.uint8)
    >>> splice_around(contig, [Edit(2, 4, "")], 5, 3, 4)
    'ACACGTN'
    """
    before = [e for e in edits if (e.start, e.end) < (anchor, anchor + inserted_left)]
    after = [e for e in edits if e.start >= anchor and e not in before]
    cover = max((e.end for e in before), default=anchor)
    return _outward(bases, before, min(anchor, bases.size), -left) + _outward(
        bases, after, max(anchor, cover), right
    )


def _outward(
    bases: BaseArray, edits: Sequence[Edit], at: int, wanted: int
) -> str:  # |wanted| bases
    """Walk from a place to the left (`wanted` < 0) or right."""
    parts: list[bytes] = []
    size, left = 0, wanted < 0
    for edit in reversed(edits) if left else edits:
        if size >= abs(wanted):
            break
        near, far = (edit.end, edit.start) if left else (edit.start, edit.end)
        part = bases[near:at] if left else bases[at:near]
        step = [part.tobytes(), edit.alt.encode()]
        parts += step
        size += sum(map(len, step))
        at = min(at, far) if left else max(at, far)
    rest = max(abs(wanted) - size, 0)
    last = bases[max(at - rest, 0) : at] if left else bases[at : at + rest]
    parts.append(last.tobytes())
    if left:
        text = b"".join(reversed(parts)).decode()
        return text.rjust(-wanted, "N")[
            len(text) + wanted if len(text) > -wanted else 0 :
        ]
    return b"".join(parts).decode()[:wanted].ljust(wanted, "N")


@dataclass(frozen=True)
class CarriedEdit:
    """A change within a transcript, and who carries it."""

    variant: str
    position: int  # bp, 1-based
    edit: Edit | None  # None: not within one coding part
    copies: NDArray[np.bool_]  # (n_sample, ploidy) carries the allele
    known: NDArray[np.bool_]  # (n_sample,) which copy it is on is known
    damaging: bool


@dataclass(frozen=True)
class JointChange:
    """Several changes of one haplotype that have to be read together."""

    members: tuple[int, ...]  # places in the list of edits
    consequence: Consequence
    copies: NDArray[np.bool_]  # (n_sample, ploidy) carries all of them


@dataclass
class TranscriptEdits:
    """The changes met so far within one transcript."""

    coding: CodingTranscript
    edits: list[CarriedEdit] = field(default_factory=list)


def group_edits(skip: int, edits: Sequence[Edit]) -> list[tuple[int, ...]]:
    """Return which changes of one haplotype share a codon or restore a frame.

    Parameters
    ----------
    skip
        Bases before the first whole codon.
    edits
        Changes of one haplotype, ascending.

    Returns
    -------
    list of tuple of int
        Groups of at least two; groups with overlapping changes are left out.

    Examples
    --------
    >>> group_edits(0, [Edit(3, 4, "A"), Edit(5, 6, "C"), Edit(9, 10, "T")])
    [(0, 1)]
    >>> group_edits(0, [Edit(3, 4, ""), Edit(30, 30, "C")])
    [(0, 1)]
    """
    groups, first = [], 0
    while first < len(edits):
        last, shift = first, _shift(edits[first])
        _, tail = codon_window(edits[first].start, edits[first].end, skip)
        for after in range(first + 1, len(edits)):
            same_codon = edits[after].start < tail
            if not same_codon and shift % 3 == 0:
                break
            shift += _shift(edits[after])
            tail = codon_window(edits[after].start, edits[after].end, skip)[1]
            if same_codon or shift % 3 == 0:
                last = after
        group = tuple(range(first, last + 1))
        apart = all(edits[i].end <= edits[i + 1].start for i in group[:-1])
        if len(group) > 1 and apart:
            groups.append(group)
        first = last + 1
    return groups


def _shift(edit: Edit) -> int:
    return len(edit.alt) - (edit.end - edit.start)


def joint_changes(found: TranscriptEdits) -> tuple[list[JointChange], int]:
    """Return the joint changes that some haplotype carries.

    Parameters
    ----------
    found
        Changes within one transcript.

    Returns
    -------
    list of JointChange
        One for every set of changes that is read together.
    int
        Samples left out because the phase of two of their changes is not known.
    """
    coding = [
        (i, carried.edit)
        for i, carried in enumerate(found.edits)
        if carried.edit is not None
    ]
    if len(coding) < 2:
        return [], 0
    coding.sort(key=lambda pair: (pair[1].start, pair[1].end))
    order = [i for i, _ in coding]
    n_copy = max(found.edits[i].copies.shape[1] for i in order)
    carried = np.stack([_widen(found.edits[i].copies, n_copy) for i in order], axis=2)
    unknown = np.stack([~found.edits[i].known for i in order], axis=1)
    changes: dict[tuple[int, ...], NDArray[np.bool_]] = {}
    flat = carried.reshape(-1, len(order))  # (n_sample * n_copy, n_edit)
    patterns, which = np.unique(flat, axis=0, return_inverse=True)
    unphased = np.zeros(carried.shape[0], np.bool_)
    for number, pattern in enumerate(patterns):
        places = np.flatnonzero(pattern)
        if places.size < 2:
            continue
        has = (which.reshape(-1) == number).reshape(carried.shape[:2])
        edits = [coding[place][1] for place in places]
        for group in group_edits(found.coding.skip, edits):
            members = places[list(group)]
            vague = unknown[:, members].sum(axis=1) > 1
            unphased |= vague & has.any(axis=1)
            key = tuple(order[m] for m in members)
            known = has & ~vague[:, None]
            changes[key] = changes.get(key, np.zeros_like(known)) | known
    joint = []
    for key, copies in changes.items():
        if copies.any():
            edits = [e for e in (found.edits[i].edit for i in key) if e is not None]
            consequence = describe_edits(found.coding, edits)
            if "stop_gained" in consequence.terms and any(_shift(e) % 3 for e in edits):
                continue  # a stop before the frame is restored: they stand alone
            joint.append(JointChange(key, consequence, copies))
    return joint, int(unphased.sum())


def _widen(copies: NDArray[np.bool_], n_copy: int) -> NDArray[np.bool_]:
    missing = n_copy - copies.shape[1]
    return np.pad(copies, ((0, 0), (0, missing))) if missing else copies
