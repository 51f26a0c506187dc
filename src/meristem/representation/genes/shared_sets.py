"""A network of genes that are in the same sets: neighbours in an ontology."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from meristem.records import StrArray
from meristem.representation.gene_network import GeneNetwork, make_network

LARGEST = 100
"""Measured genes of a set up to which those in it are neighbours."""


def join_by_sets(
    member: NDArray[np.bool_],  # (n_set, n_gene)
    gene: StrArray,
    *,
    largest: int = LARGEST,
) -> GeneNetwork:
    """Return the network that joins genes of the same sets; small sets count most.

    A set of m genes gives each of its pairs 1 / (m - 1), so that a gene has 1 from
    every set; weights are divided by the largest. Sets of more than `largest` genes are
    left out: they say little of who belongs together.

    Examples
    --------
    >>> member = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    >>> found = join_by_sets(member, np.array(list("abcd")))
    >>> found.first.tolist(), found.second.tolist(), found.weight.round(2).tolist()
    ([0, 0, 1], [1, 2, 2], [1.0, 0.33, 0.33])
    """
    size = member.sum(axis=1)
    kept = (size > 1) & (size <= largest)
    own = scipy.sparse.csr_array(member[kept].astype(np.float64))
    share = scipy.sparse.diags_array(1.0 / np.maximum(size[kept] - 1, 1))
    pairs = scipy.sparse.triu(own.T @ share @ own, k=1).tocoo()
    top = float(pairs.data.max()) if pairs.nnz else 1.0
    return make_network(gene, pairs.row, pairs.col, pairs.data / top)
