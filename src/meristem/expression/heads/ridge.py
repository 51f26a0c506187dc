"""Ridge on delta embeddings, gene by gene, solved on the few distinct haplotypes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meristem.config.expression.heads import RidgeHeadOptions
from meristem.expression.heads.readout import fit_readout
from meristem.expression.heads.training import training_genes
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class RidgeHead:
    """Weights as combinations of the haplotypes that were trained on.

    Attributes
    ----------
    panel
        Where these haplotypes are.
    coefficient
        Gene -> (n_haplotype,) of its haplotypes in `panel`.
    intercept
        Gene -> expression of the reference haplotype.
    """

    panel: EmbeddedPanel
    coefficient: Mapping[str, FloatArray]
    intercept: Mapping[str, float]
    kind: str = "ridge"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `protocol.FittedHead`; of other genes NaN."""
        place = {str(name): i for i, name in enumerate(self.panel.genes)}
        out = np.full((len(rows), len(genes)), np.nan)
        for column, gene in enumerate(genes):
            name = str(panel.genes[gene])
            if name not in self.coefficient:
                continue
            known = self.panel.haplotypes(place[name]).astype(float)
            effect = panel.haplotypes(gene) @ (known.T @ self.coefficient[name])
            share = panel.dosage(gene)[rows] / panel.ploidy
            out[:, column] = self.intercept[name] + share @ effect
        return out


def fit_ridge(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene)
    rows: IntArray,
    options: RidgeHeadOptions | None = None,
    rng: np.random.Generator | None = None,
) -> RidgeHead:
    """Fit every gene by itself; the penalty by leaving lines out.

    With D = S H, S the shares of the haplotypes and H their deltas, ridge on D is ridge
    on S E for any E with E E' = H H': the rank is at most the number of haplotypes.

    Parameters
    ----------
    panel, expression, rows
        See `training.training_genes`.
    options, rng
        As other heads have them; nothing is chosen or drawn.
    """
    coefficient, intercept = {}, {}
    for one in training_genes(panel, expression, rows):
        name = str(panel.genes[one.gene])
        deltas = panel.haplotypes(one.gene).astype(float)
        value, vector = np.linalg.eigh(deltas @ deltas.T)
        kept = value > 1e-9 * max(float(value.max()), 1e-12)
        root = vector[:, kept] * np.sqrt(value[kept])  # E
        found = fit_readout(one.share @ root, one.y)
        coefficient[name] = (vector[:, kept] / np.sqrt(value[kept])) @ found.weight
        intercept[name] = found.intercept
    return RidgeHead(panel, coefficient, intercept)
