"""One set of ridge weights for all genes, also for those never measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.config.expression.heads import SharedRidgeOptions
from meristem.expression.heads.training import GeneRows, training_genes
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray
from meristem.stats.folds import grouped_folds

PENALTIES = 10.0 ** np.arange(-4.0, 2.01, 0.5)
"""Candidates, as shares of the mean squared feature, times the features."""


@dataclass(frozen=True)
class SharedRidgeHead:
    """Weights of all genes, and level and spread of those trained on."""

    feature: IntArray  # (n_kept,) places within the embedding
    weight: FloatArray  # (n_kept,) sd of expression per unit
    level: dict[str, tuple[float, float]]  # gene -> expression of the reference, sd
    penalty: float
    kind: str = "shared_ridge"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `protocol.FittedHead`."""
        out = np.zeros((len(rows), len(genes)))
        for column, gene in enumerate(genes):
            effect = panel.haplotypes(gene)[:, self.feature] @ self.weight
            share = panel.dosage(gene)[rows] / panel.ploidy
            level, spread = self.level.get(str(panel.genes[gene]), (0.0, 1.0))
            out[:, column] = level + spread * (share @ effect)
        return out


def fit_shared_ridge(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene)
    rows: IntArray,
    options: SharedRidgeOptions,
    rng: np.random.Generator,
) -> SharedRidgeHead:
    """Fit weights that all genes share to expression standardised within genes.

    Only differences between the lines of one gene count; every gene has an intercept.
    The penalty is chosen on genes held out.

    Parameters
    ----------
    panel, expression, rows
        See `training.training_genes`.
    options
        Inner folds of genes, most features.
    rng
        Deals genes into folds.
    """
    genes = training_genes(panel, expression, rows)
    feature = _varying(panel, genes, options.most_features)
    folds = min(options.folds, len(genes))
    fold = (
        grouped_folds(np.arange(len(genes)), folds, rng)
        if folds > 1
        else np.zeros(1, np.int64)
    )
    n = feature.size
    square, cross = np.zeros((folds, n, n)), np.zeros((folds, n))
    total, spread = np.zeros(folds), []
    for one, place in zip(genes, fold, strict=True):
        x = _centred(one.share) @ panel.haplotypes(one.gene)[:, feature]
        sd = float(one.y.std())
        z = (one.y - one.y.mean()) / sd
        square[place] += x.T @ x
        cross[place] += x.T @ z
        total[place] += z @ z
        spread.append(sd)
    grid = PENALTIES * max(float(np.trace(square.sum(axis=0))), 1e-12)
    error = np.zeros(grid.size)
    for out in range(folds if folds > 1 else 0):
        rest = [k for k in range(folds) if k != out]
        value, axes = scipy.linalg.eigh(square[rest].sum(axis=0))
        own = axes.T @ cross[rest].sum(axis=0)
        weights = axes @ (own[:, None] / (np.maximum(value, 0)[:, None] + grid))
        explained = np.einsum("ik,ik->k", weights, square[out] @ weights)
        error += total[out] - 2 * cross[out] @ weights + explained
    best = int(np.argmin(error)) if folds > 1 else grid.size - 1
    whole = square.sum(axis=0) + grid[best] * np.eye(n)
    weight = scipy.linalg.solve(whole, cross.sum(axis=0), assume_a="pos")
    level = {}
    for one, sd in zip(genes, spread, strict=True):
        effect = panel.haplotypes(one.gene)[:, feature] @ weight
        mean = float((one.share @ effect).mean())
        level[str(panel.genes[one.gene])] = (float(one.y.mean()) - sd * mean, sd)
    return SharedRidgeHead(feature, weight, level, float(PENALTIES[best]))


def _centred(share: FloatArray) -> FloatArray:
    return share - share.mean(axis=0)


def _varying(panel: EmbeddedPanel, genes: list[GeneRows], most: int) -> IntArray:
    power = np.zeros(panel.width)
    for one in genes:
        power += (panel.haplotypes(one.gene).astype(float) ** 2).sum(axis=0)
    order = np.argsort(-power, kind="stable")[:most]
    return np.sort(order[power[order] > 0])
