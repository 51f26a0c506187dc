"""What there is to embed, said before the work starts: sequences, time, memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.expression.embedding.protocol import Embedder
from meristem.expression.haplotypes.build import GeneHaplotypes

_TRIED = 16  # sequences that are timed


@dataclass(frozen=True)
class Workload:
    """The work of embedding a panel."""

    n_gene: int
    n_haplotype: int  # distinct, summed over genes
    n_sequence: int  # distinct over all genes, the references among them
    width: int  # numbers per sequence
    seconds: float  # of one core to embed them all
    flagged: int = 0  # pairs of line and gene without a haplotype
    absent: int = 0  # genes asked for that the annotation lacks
    skipped: int = 0  # alleles of the file that are not read

    @property
    def megabytes(self) -> float:
        """Room of the embeddings on disk, and in memory where all are read."""
        return self.n_sequence * self.width * 4 / 1e6

    def __str__(self) -> str:
        minutes = self.seconds / 60
        each = self.n_haplotype / max(self.n_gene, 1)
        notes = {
            f"; {self.flagged} pairs of line and gene are flagged (missing or doubtful "
            "calls, see haplotypes.csv); no head predicts them": self.flagged,
            f"; {self.absent} genes are not in the annotation and are left out "
            "(work.json names them)": self.absent,
            f"; {self.skipped} alleles of the file cannot be read (work.json says "
            "why)": self.skipped,
        }
        return (
            f"{self.n_gene} genes, {self.n_haplotype} distinct haplotypes "
            f"({each:.2f} a gene), {self.n_sequence} distinct sequences with the "
            f"references; {self.width} numbers each, {self.megabytes:.0f} MB; about "
            f"{minutes:.1f} min of one core"
            + "".join(note for note, number in notes.items() if number)
        )


def count_haplotypes(genes: Sequence[GeneHaplotypes]) -> pd.DataFrame:
    """Return one row per gene: variants, haplotypes, and which calls are doubtful."""
    records = []
    for gene in genes:
        used = gene.call[gene.call >= 0]
        most = np.bincount(used).max() / used.size if used.size else np.nan
        records.append(
            {
                "gene": gene.gene,
                "contig": gene.contig,
                "tss": gene.tss + 1,
                "strand": "+" if gene.strand > 0 else "-",
                "variants": gene.n_variant,
                "haplotypes": len(gene.sequence),
                "commonest": most,
                "missing": float(gene.missing.mean()),
                "lines_flagged": int((gene.call < 0).any(axis=1).sum()),
                "lines_phase_unknown": int(gene.ambiguous.sum()),
                "alleles_in_conflict": gene.n_conflict,
            }
        )
    return pd.DataFrame(records)


def distinct_sequences(genes: Sequence[GeneHaplotypes]) -> dict[str, int]:
    """Return every sequence once, references among them, with its row."""
    row: dict[str, int] = {}
    for gene in genes:
        for text in (gene.reference, *gene.sequence):
            row.setdefault(text, len(row))
    return row


def estimate_work(
    embedder: Embedder, genes: Sequence[GeneHaplotypes], row: dict[str, int]
) -> Workload:
    """Return the work ahead; some sequences are embedded to measure the time."""
    some = list(row)[:_TRIED]
    # one thread's time: that on the wall depends on what else the machine does
    with threadpool_limits(limits=1):
        embedder.embed(some[:1])  # what is built on first use is not timed
        begin = time.process_time()
        width = embedder.embed(some).shape[1]
        seconds = (time.process_time() - begin) / len(some) * len(row)
    n_haplotype = sum(len(gene.sequence) for gene in genes)
    flagged = sum(int((gene.call < 0).any(axis=1).sum()) for gene in genes)
    return Workload(len(genes), n_haplotype, len(row), width, seconds, flagged)
