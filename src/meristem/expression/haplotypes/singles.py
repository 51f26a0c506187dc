"""The reference sequence of a gene with one variant at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.expression.haplotypes.calls import PanelCalls
from meristem.expression.haplotypes.genes import GeneWindows
from meristem.records import FloatArray, IntArray
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.windows import Window
from meristem.sequence.variants.coding import Edit
from meristem.sequence.variants.haplotypes import splice_around


@dataclass(frozen=True)
class SingleVariants:
    """The variants of a window, each by itself in the reference."""

    reference: str
    name: list[str]  # (n,)
    distance: IntArray  # (n,) bp from the start of transcription along the strand
    ref: list[str]  # along the strand; "" of an insertion
    alt: list[str]
    sequence: list[str]
    dosage: FloatArray  # (n, n_line) share of the copies that carry it, NaN missing


def single_variants(
    genome: Genome, calls: PanelCalls, genes: GeneWindows, window: Window
) -> SingleVariants:
    """Return the sequences of a gene with each of its variants alone.

    Parameters
    ----------
    genome, calls, genes
        As for `build.build_haplotypes`.
    window
        Of the gene.
    """
    bases, own = genome.bases(window.contig), calls.on(window.contig)
    anchor, (left, right) = genes.anchor(window), genes.sides(window)
    tss = genes.tss(window)

    def read(edits: list[Edit]) -> str:
        text = splice_around(
            bases, edits, anchor, left, right, inserted_left=window.strand > 0
        )
        return strand(text)

    def strand(text: str) -> str:
        return text if window.strand > 0 else complement_strand(text)

    name, distance, ref, alt, sequence, dosage = [], [], [], [], [], []
    for i in own.changing(window.start, window.end).tolist():
        start, end = int(own.start[i]), int(own.end[i])
        name.append(str(own.name[i]))
        first = start if window.strand > 0 else max(end - 1, start)
        distance.append((first - tss) * window.strand)
        ref.append(strand(bases[start:end].tobytes().decode()))
        alt.append(strand(own.alt[i]))
        sequence.append(read([Edit(start, end, own.alt[i])]))
        carried = own.carried[i].astype(float)
        dosage.append(np.where(carried < 0, np.nan, carried).mean(axis=1))
    return SingleVariants(
        read([]),
        name,
        np.array(distance, np.int64),
        ref,
        alt,
        sequence,
        np.array(dosage).reshape(len(name), calls.sample_id.size),
    )
