"""Elastic net on delta embeddings, gene by gene; features that say the same are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meristem.config.expression.heads import ElasticNetHeadOptions
from meristem.config.models import ElasticNetOptions
from meristem.expression.heads.training import GeneRows, training_genes
from meristem.expression.panel import EmbeddedPanel
from meristem.mixed.targets import Target
from meristem.models.linear.elastic_net import choose_penalty, fit_path
from meristem.records import FloatArray, IntArray
from meristem.stats.folds import random_splits


@dataclass(frozen=True)
class SparseWeights:
    """Weights of the features of one gene that are not zero."""

    feature: IntArray  # (n_kept,) places within the embedding
    weight: FloatArray  # (n_kept,)
    intercept: float


@dataclass(frozen=True)
class ElasticNetHead:
    """Gene -> its weights."""

    weights: Mapping[str, SparseWeights]
    kind: str = "elastic_net"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `protocol.FittedHead`; of other genes NaN."""
        out = np.full((len(rows), len(genes)), np.nan)
        for column, gene in enumerate(genes):
            own = self.weights.get(str(panel.genes[gene]))
            if own is None:
                continue
            effect = panel.haplotypes(gene)[:, own.feature] @ own.weight
            share = panel.dosage(gene)[rows] / panel.ploidy
            out[:, column] = own.intercept + share @ effect
        return out


def fit_elastic_net(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene)
    rows: IntArray,
    options: ElasticNetHeadOptions,
    rng: np.random.Generator,
) -> ElasticNetHead:
    """Fit every gene by itself; the penalty on lines held out inside the training rows.

    Features are standardised; of features that are proportional over the haplotypes of
    a gene the first stands for all.

    Parameters
    ----------
    panel, expression, rows
        See `training.training_genes`.
    options
        Mixing, and the path of penalties.
    rng
        Deals lines into inner folds.

    References
    ----------
    Gamazon et al. 2015, Nat Genet 47:1091 (PrediXcan: elastic net, mixing 0.5).
    """
    weights = {}
    inner = ElasticNetOptions(l1_ratio=(options.l1_ratio,), n_alphas=options.n_alphas)
    for one in training_genes(panel, expression, rows):
        deltas = panel.haplotypes(one.gene).astype(float)
        name = str(panel.genes[one.gene])
        weights[name] = _fit_gene(one, deltas, inner, options.folds, rng)
    return ElasticNetHead(weights)


def distinct_features(deltas: FloatArray) -> IntArray:  # (n_haplotype, d) -> (n_kept,)
    """Return the first of every set of proportional features that vary.

    Examples
    --------
    >>> distinct_features(np.array([[0.0, 0, 0, 0], [1, 2, 0, 1], [3, 6, 0, 1]]))
    array([0, 3])
    """
    size = np.sqrt((deltas**2).sum(axis=0))
    varies = np.flatnonzero(size > 1e-6)
    unit = deltas[:, varies] / size[varies]
    largest = np.abs(unit).argmax(axis=0)
    unit *= np.sign(unit[largest, np.arange(varies.size)])
    _, first = np.unique(np.rint(unit * 1e4), axis=1, return_index=True)
    return varies[np.sort(first)]


def _fit_gene(
    one: GeneRows,
    deltas: FloatArray,
    options: ElasticNetOptions,
    folds: int,
    rng: np.random.Generator,
) -> SparseWeights:
    feature = distinct_features(deltas)
    values = one.share @ deltas[:, feature]
    sd = values.std(axis=0)
    feature, values, sd = feature[sd > 1e-9], values[:, sd > 1e-9], sd[sd > 1e-9]
    if not feature.size:
        return SparseWeights(feature, np.zeros(0), float(one.y.mean()))
    centre, spread = values.mean(axis=0), float(one.y.std())
    z = ((values - centre) / sd).astype(np.float32)
    n = one.y.size
    y = (one.y - one.y.mean()) / spread
    target = Target(0, np.arange(n), y, np.ones(n))
    inner = random_splits(n, min(folds, n // 2), rng)
    ratio, path, _ = choose_penalty(z, target, inner, options)
    slope, level = fit_path(z, y, target.weight, ratio, path)
    weight = slope[-1] / sd * spread
    kept = weight != 0
    intercept = one.y.mean() + level[-1] * spread - float(centre @ weight)
    return SparseWeights(feature[kept], weight[kept], float(intercept))
