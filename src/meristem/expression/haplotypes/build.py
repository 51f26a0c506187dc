"""The distinct haplotypes of every gene, and which of them each line carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.expression.panel import VariantsConfig
from meristem.expression.haplotypes.calls import ContigCalls, PanelCalls
from meristem.expression.haplotypes.genes import GeneWindows
from meristem.records import IntArray
from meristem.sequence.genome.bases import BaseArray, complement_strand
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.windows import Window
from meristem.sequence.variants.coding import Edit
from meristem.sequence.variants.haplotypes import compatible, splice_around


@dataclass(frozen=True)
class GeneHaplotypes:
    """The haplotypes of one gene, read along its strand; all of one length."""

    gene: str
    contig: str
    tss: int  # bp, 0-based
    strand: int  # 1 or -1
    reference: str
    sequence: tuple[str, ...]  # distinct, by what they carry
    carried: tuple[tuple[int, ...], ...]  # per haplotype: alleles of the contig
    call: NDArray[np.int16]  # (n_line, ploidy) haplotype; -1: too many calls missing
    missing: NDArray[np.float32]  # (n_line,) share of the alleles of the window
    ambiguous: NDArray[np.bool_]  # (n_line,) two heterozygous calls, phase not known
    n_variant: int  # alternate alleles within the window
    n_conflict: int  # alleles left out of a haplotype, as they overlap others


def build_haplotypes(
    genome: Genome,
    calls: PanelCalls,
    genes: GeneWindows,
    options: VariantsConfig,
) -> Iterator[GeneHaplotypes]:
    """Give the haplotypes of every gene, in the order of the windows.

    All have as many bases upstream and downstream of the transcription start as asked
    for: what a deletion removes is made up for by bases further out, and what an
    insertion adds pushes bases out of the window. Missing calls count as reference.

    Parameters
    ----------
    genome
        Reference.
    calls
        Alleles near the windows, see `read_calls`.
    genes
        The windows.
    options
        Limit of missing calls, and what becomes of unknown phase.
    """
    shape = (calls.sample_id.size, calls.ploidy)
    for window in genes.windows:
        yield _one_gene(
            window,
            genome.bases(window.contig),
            calls.on(window.contig),
            genes,
            options,
            shape,
        )


def _one_gene(
    window: Window,
    bases: BaseArray,
    calls: ContigCalls,
    genes: GeneWindows,
    options: VariantsConfig,
    shape: tuple[int, int],  # n_line, ploidy
) -> GeneHaplotypes:
    anchor, (left, right) = genes.anchor(window), genes.sides(window)

    def read(edits: list[Edit]) -> str:
        text = splice_around(
            bases, edits, anchor, left, right, inserted_left=window.strand > 0
        )
        return text if window.strand > 0 else complement_strand(text)

    place = (window.name, window.contig, genes.tss(window), window.strand)
    reference = read([])
    near = _reach(calls, window)
    inside = calls.changing(window.start, window.end)
    missing = (calls.carried[inside] < 0).any(axis=2)
    share = missing.mean(axis=0) if inside.size else np.zeros(shape[0])
    ambiguous = _ambiguous(calls, inside)
    flagged = share > options.max_missing
    if options.unphased == "missing":
        flagged |= ambiguous
    carried = calls.carried[near] == 1  # (n_near, n_line, ploidy)
    flat = np.ascontiguousarray(carried.transpose(1, 2, 0))
    flat = flat.reshape(shape[0] * shape[1], near.size)
    number: dict[str, int] = {}
    members: list[tuple[int, ...]] = []
    patterns, which = _distinct(flat)
    within = set(inside.tolist())
    n_conflict, own = 0, np.zeros(len(patterns), np.int16)
    for row, pattern in enumerate(patterns):
        places = near[np.flatnonzero(pattern)]
        edits = [
            Edit(int(calls.start[i]), int(calls.end[i]), calls.alt[i]) for i in places
        ]
        kept = compatible(edits)
        n_conflict += len(edits) - len(kept)
        text = read(kept)
        if text not in number:
            number[text] = len(number)
            members.append(tuple(i for i in places.tolist() if i in within))
        own[row] = number[text]
    call = own[which].reshape(shape)
    call[flagged] = -1
    sequence, call, members = _carried_alone(list(number), call, members)
    return GeneHaplotypes(
        *place,
        reference,
        tuple(sequence),
        tuple(members),
        call,
        share.astype(np.float32),
        ambiguous,
        int(inside.size),
        n_conflict,
    )


def _carried_alone(
    sequence: list[str], call: NDArray[np.int16], members: list[tuple[int, ...]]
) -> tuple[list[str], NDArray[np.int16], list[tuple[int, ...]]]:
    """Leave out haplotypes of flagged lines alone."""
    used = np.unique(call[call >= 0])
    if used.size == len(sequence):
        return sequence, call, members
    new = np.full(len(sequence) + 1, -1, np.int16)
    new[used] = np.arange(used.size)
    return [sequence[i] for i in used], new[call], [members[i] for i in used]


def _distinct(
    flat: NDArray[np.bool_],  # (n_row, n_allele)
) -> tuple[NDArray[np.bool_], IntArray]:
    """Return the distinct rows, that of the reference first, and the row of each."""
    if not flat.shape[1]:
        return flat[:1], np.zeros(len(flat), np.int64)
    packed = np.packbits(flat, axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return flat[first], which.reshape(-1)


def _ambiguous(calls: ContigCalls, inside: IntArray) -> NDArray[np.bool_]:
    """Return which lines are heterozygous twice, and not all of it phased."""
    own = calls.carried[inside]
    heterozygous = (own != own[:, :, :1]).any(axis=2)
    unknown = calls.unphased[inside]
    found: NDArray[np.bool_] = unknown.any(axis=0) & (heterozygous.sum(axis=0) > 1)
    return found


def _reach(calls: ContigCalls, window: Window) -> IntArray:
    """Return the alleles that can matter: deletions draw in bases from further out."""
    margin, near = 0, calls.inside(window.start, window.end)
    while near.size:
        lengths = np.array([len(calls.alt[i]) for i in near])
        lost = calls.end[near] - calls.start[near] - lengths
        wanted = int(np.maximum(lost, 0).sum())
        if wanted <= margin:
            break
        margin = wanted
        near = calls.inside(window.start - margin, window.end + margin)
    return near
