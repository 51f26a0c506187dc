"""Values of genes smoothed along a network: measured ones, and predicted expression."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from meristem.records import FloatArray, IntArray
from meristem.representation.gene_network import GeneNetwork
from meristem.stats.correlation import columnwise_r

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
"""Shares of the neighbours among which measured rows choose."""


def spread(
    x: FloatArray,  # (n_sample, n_gene) no gaps
    network: GeneNetwork,  # over the same genes
    share: float,
) -> FloatArray:  # (n_sample, n_gene)
    """Return (1 - share) of every gene and share of the mean of its neighbours.

    The mean is weighted by the edges; a gene without neighbours stays as it is.

    Examples
    --------
    >>> from meristem.representation.gene_network import make_network
    >>> pair = make_network(np.array(["a", "b", "c"]), np.array([0]), np.array([1]),
    ...     np.ones(1))
    >>> spread(np.array([[1.0, 3.0, 5.0]]), pair, 0.5).tolist()
    [[2.0, 2.0, 5.0]]
    """
    adjacency = network.adjacency()
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    back = np.where(degree > 0, 1 / np.where(degree > 0, degree, 1.0), 0.0)
    near = (scipy.sparse.diags(back) @ adjacency @ x.T).T
    return np.where(degree > 0, (1 - share) * x + share * near, x)


def choose_share(
    predicted: FloatArray,  # (n_sample, n_gene) no gaps
    measured: FloatArray,  # (n_sample, n_gene) NaN missing
    network: GeneNetwork,
    rows: IntArray,
) -> float:
    """Return the share at which predictions go best with measured values of rows."""
    told = {
        share: agreement(spread(predicted, network, share), measured, rows)
        for share in SHARES
    }
    return max(told, key=lambda share: told[share])


def agreement(
    predicted: FloatArray,  # (n_sample, n_gene)
    measured: FloatArray,  # (n_sample, n_gene) NaN missing
    rows: IntArray,
) -> float:
    """Return the mean over genes measured there of the correlation over rows."""
    r = columnwise_r(predicted[rows], measured[rows])
    return float(r[~np.isnan(r)].mean()) if (~np.isnan(r)).any() else 0.0
