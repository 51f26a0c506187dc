"""A network of co-expression learned from training rows, and its shuffled null."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, StrArray
from meristem.representation.gene_network import GeneNetwork, make_network

NEIGHBOURS = 10
_SWAPS = 10  # tries per edge


def learn_coexpression(
    x: FloatArray,  # (n_sample, n_gene) standardised, NaN missing
    gene: StrArray,
    *,
    neighbours: int = NEIGHBOURS,
) -> GeneNetwork:
    """Return the network that joins every gene with those it correlates with most.

    Weights are absolute r; gaps count as the mean. Learned on the rows given alone.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> one, two = rng.normal(size=(2, 40, 1))
    >>> x = np.hstack([one, one, two, two]) + 0.1 * rng.normal(size=(40, 4))
    >>> found = learn_coexpression(x, np.array(list("abcd")), neighbours=1)
    >>> list(zip(found.first.tolist(), found.second.tolist()))
    [(0, 1), (2, 3)]
    """
    filled = np.where(np.isnan(x), 0.0, x)
    size = np.sqrt((filled**2).sum(axis=0))
    unit = (filled / np.where(size > 0, size, 1.0)).astype(np.float32)
    p = unit.shape[1]
    k = min(neighbours, p - 1)
    first, second, weight = [], [], []
    for start in range(0, p, 1024):
        block = np.arange(start, min(start + 1024, p))
        r = np.abs(unit[:, block].T @ unit)
        r[np.arange(block.size), block] = -1.0
        near = np.argpartition(-r, k - 1, axis=1)[:, :k]
        first.append(np.repeat(block, k))
        second.append(near.ravel())
        weight.append(np.take_along_axis(r, near, axis=1).ravel())
    size_of = np.concatenate(weight).astype(float)
    return make_network(
        gene,
        np.concatenate(first),
        np.concatenate(second),
        np.clip(size_of, 1e-9, 1.0),
        "co-expression",
    )


def shuffle_network(network: GeneNetwork, rng: np.random.Generator) -> GeneNetwork:
    """Return a network in which every gene has as many neighbours, but others.

    Pairs of edges a-b and c-d become a-d and c-b where that makes no edge twice and
    none to itself.

    References
    ----------
    Maslov & Sneppen 2002, Science 296:910.
    """
    first, second = network.first.copy(), network.second.copy()
    edges = set(zip(first.tolist(), second.tolist(), strict=True))
    n = first.size
    for one, other in rng.integers(0, max(n, 1), (_SWAPS * n, 2)).tolist():
        a, b, c, d = first[one], second[one], first[other], second[other]
        if rng.random() < 0.5:
            c, d = d, c
        new = (min(a, d), max(a, d)), (min(c, b), max(c, b))
        if a == d or c == b or new[0] == new[1] or edges & set(new):
            continue
        edges -= {(first[one], second[one]), (first[other], second[other])}
        edges |= set(new)
        (first[one], second[one]), (first[other], second[other]) = new
    return GeneNetwork(network.gene, first, second, network.weight, network.source)
