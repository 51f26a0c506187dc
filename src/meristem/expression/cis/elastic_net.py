"""Elastic net on the markers near each gene, as PrediXcan has it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from meristem.expression.cis.protocol import FittedGenes, TrainingLines
from meristem.records import FloatArray, Splits

PENALTIES = 30
SMALLEST = 0.02
"""Smallest penalty, as a share of the one that keeps no marker."""


@dataclass(frozen=True)
class CisElasticNet:
    """Elastic net per gene; the penalty by error on inner splits.

    References
    ----------
    Gamazon et al. 2015, Nature Genetics 47:1091 (PrediXcan: mixing 0.5); Zou &
    Hastie 2005, J R Stat Soc B 67:301.
    """

    l1_ratio: float = 0.5

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn every gene; the penalty that keeps nothing is a candidate."""
        mean = lines.expression.mean(axis=0)
        weight = np.zeros(lines.cis.member.size)
        for gene in range(lines.cis.n_group):
            own = lines.cis.of(gene)
            if own.size == 0:
                continue
            weight[lines.cis.start[gene] : lines.cis.start[gene + 1]] = net_weights(
                lines.markers[:, own],
                lines.expression[:, gene],
                lines.inner,
                self.l1_ratio,
            )
        return FittedGenes("cis_elastic_net", mean, lines.cis, weight)


def net_weights(
    x: FloatArray,  # (n, p)
    y: FloatArray,  # (n,)
    inner: Splits,
    l1_ratio: float = 0.5,
) -> FloatArray:  # (p,)
    """Return the weights at the penalty of the smallest error on inner splits.

    Examples
    --------
    >>> from meristem.records import Split
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((60, 3))
    >>> y = 2 * x[:, 0] + 0.1 * rng.standard_normal(60)
    >>> halves = (Split("kfold", 0, 0, np.arange(30), np.arange(30, 60)),
    ...     Split("kfold", 0, 1, np.arange(30, 60), np.arange(30)))
    >>> net_weights(x, y, halves).round(1).tolist()
    [1.9, 0.0, 0.0]
    """
    first = x - x.mean(axis=0)
    largest = np.abs(first.T @ (y - y.mean())).max() / (y.size * l1_ratio)
    if largest <= 0:
        return np.zeros(x.shape[1])
    path = np.concatenate([[1.001], np.geomspace(1, SMALLEST, PENALTIES)]) * largest
    loss = np.zeros(path.size)
    for split in inner:
        x_mean, y_mean = x[split.train].mean(axis=0), y[split.train].mean()
        slope = _path(x[split.train] - x_mean, y[split.train] - y_mean, l1_ratio, path)
        error = y[split.test] - y_mean - slope @ (x[split.test] - x_mean).T
        loss += (error**2).sum(axis=1)
    best = int(np.argmin(loss))
    if best == 0:
        return np.zeros(x.shape[1])
    return _path(first, y - y.mean(), l1_ratio, path[: best + 1])[-1]


def _path(
    x: FloatArray, y: FloatArray, l1_ratio: float, penalties: FloatArray
) -> FloatArray:  # (n_penalty, p)
    with warnings.catch_warnings():
        # near-copies among markers: the fit is good long before the weights settle
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, slope, _ = enet_path(
            np.asfortranarray(x),
            y,
            l1_ratio=l1_ratio,
            alphas=penalties,
            tol=1e-3,
            max_iter=500,
        )
    return np.asarray(slope.T)
