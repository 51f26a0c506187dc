"""Modules of co-expression among measured genes."""

from __future__ import annotations

import numpy as np
import scipy

from meristem.records import FloatArray, IntArray

SOFT_POWER = 6
"""|r| is raised to this power: weak correlations count for next to nothing."""
MODULE_SIZE = 20
"""Genes per module aimed at."""
MIN_MODULE = 5


def coexpression_modules(
    value: FloatArray,  # (n_sample, n_gene) NaN missing
    *,
    size: int = MODULE_SIZE,
    smallest: int = MIN_MODULE,
) -> IntArray:  # (n_gene,)
    """Return the module of every gene, -1 where it belongs to none.

    Average linkage on 1 - |r|^6, cut so that modules have `size` genes on average;
    those with fewer than `smallest` are none.

    Parameters
    ----------
    value
        Measured genes on training rows; a single missing value counts as the mean.
    size, smallest
        Mean and least number of genes.

    References
    ----------
    Zhang & Horvath 2005, Stat Appl Genet Mol Biol 4:17 (soft threshold, WGCNA).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> one, two = rng.normal(size=(2, 50, 1))
    >>> x = np.hstack([one, one, two, two, two]) + 0.1 * rng.normal(size=(50, 5))
    >>> coexpression_modules(x, size=2, smallest=2).tolist()
    [0, 0, 1, 1, 1]
    """
    n_gene = value.shape[1]
    if n_gene < max(smallest, 2):
        return np.full(n_gene, -1, dtype=np.int64)
    distance = 1 - np.abs(_correlation(value)) ** SOFT_POWER
    condensed = scipy.spatial.distance.squareform(distance, checks=False)
    tree = scipy.cluster.hierarchy.linkage(condensed, method="average")
    count = max(1, round(n_gene / size))
    label = scipy.cluster.hierarchy.fcluster(tree, count, criterion="maxclust") - 1
    members = np.bincount(label)
    # modules are numbered in the order of their first gene
    number = np.full(members.size, -1, dtype=np.int64)
    n_module = 0
    for module in dict.fromkeys(label.tolist()):
        if members[module] >= smallest:
            number[module] = n_module
            n_module += 1
    return number[label]


def _correlation(value: FloatArray) -> FloatArray:  # (n_gene, n_gene)
    known = ~np.isnan(value)
    mean = np.where(known, value, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, value - mean, 0.0)
    size = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(size > 0, size, 1.0)
    r = np.clip(unit.T @ unit, -1, 1)
    np.fill_diagonal(r, 1.0)
    return r
