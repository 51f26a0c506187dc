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
    carriers: EmbeddedPanel | None = None,
) -> tuple[FloatArray, ...]:  # per gene (n_line, k)
    """Return columns whose products are those of the delta embeddings of the lines.

    Few haplotypes of a gene differ: with deltas D = S H of lines from shares S and
    haplotypes H, columns S E with E E' = H H' serve any model that sees products alone.
    Every number of the embedding is brought to the same spread over all haplotypes.
    Rows are NaN for lines that the panel does not have or whose calls are missing; a
    gene it does not have gets no column.

    Lines of another panel, `carriers`, get the columns of this one, so that weights
    learned here serve there: with E = H R, theirs are S R of their own haplotypes; what
    no haplotype of this panel spans has no weight.

    Raises
    ------
    DataError
        If the panel has none of the lines or genes.
    """
    whose = panel if carriers is None else carriers
    at_line = {name: k for k, name in enumerate(whose.lines.tolist())}
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
    there = {name: k for k, name in enumerate(whose.genes.tolist())}
    found = []
    for name, own in zip(genes.tolist(), column, strict=True):
        if own < 0:
            found.append(empty)
            continue
        root = _roots(panel, own, spread)
        if name not in there:
            found.append(np.full((lines.size, root.shape[1]), np.nan))
            continue
        other = there[name]
        share = whose.dosage(other) / whose.ploidy
        known = share @ ((whose.haplotypes(other) / _whole(spread)) @ root)
        found.append(np.where((row >= 0)[:, None], known[row], np.nan))
    return tuple(found)


def _spread(panel: EmbeddedPanel) -> FloatArray:  # (d,)
    total, count = np.zeros(panel.width), 0
    step = max(1, panel.genes.size // SCALE_GENES)
    for gene in range(0, panel.genes.size, step):
        own = panel.haplotypes(gene).astype(float)
        total += (own**2).sum(axis=0)
        count += own.shape[0]
    return np.sqrt(total / max(count, 1))


def _roots(panel: EmbeddedPanel, gene: int, spread: FloatArray) -> FloatArray:  # (d, k)
    """Return R with E = H R and E E' = H H' over the haplotypes of the panel."""
    own = panel.haplotypes(gene) / _whole(spread)
    value, vector = np.linalg.eigh(own @ own.T)
    kept = value > 1e-9 * max(float(value.max(initial=0.0)), 1e-12)
    return np.asarray(own.T @ vector[:, kept] / np.sqrt(value[kept]))


def _whole(spread: FloatArray) -> FloatArray:  # (d,) numbers that never vary are 0
    return np.where(spread > 0, spread, np.inf)
