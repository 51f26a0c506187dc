"""The measured lines of a gene that a head learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray

FEWEST = 10
"""A gene with fewer measured lines is not trained."""


@dataclass(frozen=True)
class GeneRows:
    """Training lines of one gene."""

    gene: int  # place in the panel
    rows: IntArray  # (n,) lines that are measured and not flagged
    share: FloatArray  # (n, n_haplotype) of the copies of a line
    y: FloatArray  # (n,)


def training_genes(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene) NaN missing
    rows: IntArray,
) -> list[GeneRows]:
    """Return the genes that can be learned, each with its training lines.

    Parameters
    ----------
    panel
        Haplotypes.
    expression
        Values of all lines and genes of the panel; those outside `rows` are not read.
    rows
        Training lines.

    Raises
    ------
    DataError
        If the shapes differ, or no gene has `FEWEST` measured lines that vary.
    """
    expected = (panel.lines.size, panel.genes.size)
    if expression.shape != expected:
        raise DataError(
            f"expression has shape {expression.shape}, the panel {expected}",
            remedy="give lines and genes in the order of the panel",
        )
    found = []
    for gene in range(panel.genes.size):
        y = expression[rows, gene]
        flagged = (panel.call[gene, rows] < 0).any(axis=1)
        kept = rows[~np.isnan(y) & ~flagged]
        values = expression[kept, gene]
        if kept.size < FEWEST or np.ptp(values) == 0:
            continue
        share = panel.dosage(gene)[kept] / panel.ploidy
        found.append(GeneRows(gene, kept, share, values))
    if not found:
        raise DataError(
            f"no gene has {FEWEST} measured lines with known haplotypes that vary",
            remedy="check that lines and genes are named alike in all files",
        )
    return found
