"""The haplotypes of a panel around its genes, as numbers: what every head reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, StrArray

Embedding = NDArray[np.float32]


@dataclass(frozen=True)
class EmbeddedPanel:
    """Embeddings of the distinct haplotypes of every gene, and who carries them.

    The width d is `n_bin` position bins times `n_channel` numbers, bins first; bins
    run from upstream to downstream along the strand of the gene.

    Attributes
    ----------
    lines
        (n_line,) names.
    genes
        (n_gene,) names.
    contig, tss, strand
        (n_gene,) contig, transcription start (bp, 0-based) and strand (1, -1).
    embedding
        (n_sequence, d) one row per distinct sequence of all genes together; may lie
        on disk (memory-mapped).
    reference_row
        (n_gene,) row of the sequence of the reference genome.
    haplotype_row
        Per gene (n_haplotype,) rows of its distinct haplotypes.
    call
        (n_gene, n_line, ploidy) which haplotype of the gene, -1 where the calls of the
        line are missing beyond the limit.
    missing
        (n_gene, n_line) share of the variants of the window without a call; their
        haplotypes carry the reference allele there.
    positions
        (n_bin,) middle of every bin, bp from the start of transcription, negative
        upstream.
    channels
        (n_channel,) what the numbers of a bin are.
    embedder
        What made the embeddings, for reports.
    key
        Digest of everything the embeddings depend on.
    """

    lines: StrArray
    genes: StrArray
    contig: StrArray
    tss: IntArray
    strand: IntArray
    embedding: Embedding
    reference_row: IntArray
    haplotype_row: tuple[IntArray, ...]
    call: NDArray[np.int16]
    missing: NDArray[np.float32]
    positions: FloatArray
    channels: StrArray
    embedder: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        n_gene, n_line = self.genes.size, self.lines.size
        expected = {
            "call": (n_gene, n_line, self.call.shape[-1]),
            "missing": (n_gene, n_line),
            "reference_row": (n_gene,),
            "contig": (n_gene,),
            "embedding": (
                self.embedding.shape[0],
                self.positions.size * self.channels.size,
            ),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise DataError(
                    f"{name} has shape {getattr(self, name).shape}, expected {shape}"
                )
        if len(self.haplotype_row) != n_gene:
            raise DataError(
                f"haplotypes of {len(self.haplotype_row)} genes for {n_gene} genes"
            )

    @property
    def width(self) -> int:
        """Numbers of one haplotype, d."""
        return int(self.embedding.shape[1])

    @property
    def n_bin(self) -> int:
        """Position bins."""
        return int(self.positions.size)

    @property
    def ploidy(self) -> int:
        """Copies of every line."""
        return int(self.call.shape[2])

    def n_haplotype(self) -> IntArray:  # (n_gene,)
        """Return the number of distinct haplotypes of every gene."""
        return np.array([rows.size for rows in self.haplotype_row])

    def reference(self, gene: int) -> Embedding:  # (d,)
        """Return the embedding of the reference haplotype."""
        return np.asarray(self.embedding[self.reference_row[gene]])

    def haplotypes(self, gene: int) -> Embedding:  # (n_haplotype, d)
        """Return the haplotypes of a gene minus the reference haplotype."""
        own = np.asarray(self.embedding[self.haplotype_row[gene]])
        return own - self.reference(gene)

    def dosage(self, gene: int) -> FloatArray:  # (n_line, n_haplotype)
        """Return how many copies of every haplotype the lines carry.

        Rows sum to the ploidy; they are NaN where calls are missing beyond the limit.
        """
        call = self.call[gene]
        n = self.haplotype_row[gene].size
        counts = (call[:, :, None] == np.arange(n)).sum(axis=1).astype(float)
        counts[(call < 0).any(axis=1)] = np.nan
        return counts

    def delta(self, gene: int) -> FloatArray:  # (n_line, d)
        """Return the mean over the haplotypes of a line, minus the reference.

        NaN rows: lines whose calls are missing beyond the limit.
        """
        return self._mean(gene, self.haplotypes(gene))

    def absolute(self, gene: int) -> FloatArray:  # (n_line, d)
        """Return the mean over the haplotypes of a line."""
        return self._mean(gene, np.asarray(self.embedding[self.haplotype_row[gene]]))

    def _mean(self, gene: int, own: Embedding) -> FloatArray:
        return (self.dosage(gene) / self.ploidy) @ own.astype(float)

    def take_genes(self, index: NDArray) -> EmbeddedPanel:
        """Return the genes at `index` (integers or a mask), in that order."""
        places = np.arange(self.genes.size)[index]
        each = ("genes", "contig", "tss", "strand", "reference_row", "call", "missing")
        return replace(
            self,
            haplotype_row=tuple(self.haplotype_row[i] for i in places),
            **{name: getattr(self, name)[places] for name in each},
        )
