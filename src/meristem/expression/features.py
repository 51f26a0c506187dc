"""Embedded haplotypes as the few columns per gene that closed-form models read."""

from __future__ import annotations

import numpy as np

from meristem.errors import DataError
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, StrArray

SCALE_GENES = 2000
"""Genes whose haplotypes tell the spread of every number of an embedding."""


def gene_features(
    panel: EmbeddedPanel,
    lines: StrArray,  # (n_line,)
    genes: StrArray,  # (n_gene,)
) -> tuple[FloatArray, ...]:  # per gene (n_line, k)
    """Return columns whose products are those of the delta embeddings of the lines.

    Few haplotypes of a gene differ: with deltas D = S H of lines from shares S and
    haplotypes H, columns S E with E E' = H H' serve any model that sees products alone.
    Every number of the embedding is brought to the same spread over all haplotypes.
    Rows are NaN for lines that the panel does not have or whose calls are missing; a
    gene it does not have gets no column.

    Raises
    ------
    DataError
        If the panel has none of the lines or genes.
    """
    at_line = {name: k for k, name in enumerate(panel.lines.tolist())}
    at_gene = {name: k for k, name in enumerate(panel.genes.tolist())}
    row = np.array([at_line.get(name, -1) for name in lines.tolist()])
    column = [at_gene.get(name, -1) for name in genes.tolist()]
    if (row < 0).all() or max(column, default=-1) < 0:
        what = "lines" if (row < 0).all() else "genes"
        raise DataError(
            f"the embedded panel has none of the {what}",
            remedy="run `meristem expression embed` with the same configuration",
        )
    spread = _spread(panel)
    empty = np.zeros((lines.size, 0))
    return tuple(empty if g < 0 else _columns(panel, g, row, spread) for g in column)


def _spread(panel: EmbeddedPanel) -> FloatArray:  # (d,)
    total, count = np.zeros(panel.width), 0
    step = max(1, panel.genes.size // SCALE_GENES)
    for gene in range(0, panel.genes.size, step):
        own = panel.haplotypes(gene).astype(float)
        total += (own**2).sum(axis=0)
        count += own.shape[0]
    return np.sqrt(total / max(count, 1))


def _columns(
    panel: EmbeddedPanel, gene: int, row: np.ndarray, spread: FloatArray
) -> FloatArray:  # (n_line, k)
    own = panel.haplotypes(gene) / np.where(spread > 0, spread, np.inf)
    value, vector = np.linalg.eigh(own @ own.T)
    kept = value > 1e-9 * max(float(value.max(initial=0.0)), 1e-12)
    root = vector[:, kept] * np.sqrt(value[kept])
    found = panel.dosage(gene) / panel.ploidy @ root
    return np.where((row >= 0)[:, None], found[row], np.nan)
