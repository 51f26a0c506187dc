"""Undirected networks of genes, cycles and all: a record of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, StrArray

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


@dataclass(frozen=True)
class GeneNetwork:
    """Undirected weighted edges between genes; no edge twice, none to itself.

    Directed acyclic knowledge is `knowledge.graph.KnowledgeGraph`; a network of
    interactions or of co-expression has no direction and may have cycles.
    """

    gene: StrArray  # (n_gene,) unique
    first: IntArray  # (n_edge,) position in gene, < second
    second: IntArray  # (n_edge,)
    weight: FloatArray  # (n_edge,) in (0, 1]
    source: str = ""

    def __post_init__(self) -> None:
        if (self.first >= self.second).any():
            raise DataError("an edge is not ordered, or leads to itself")
        if len(set(zip(self.first.tolist(), self.second.tolist(), strict=True))) < len(
            self.first
        ):
            raise DataError("an edge occurs twice", where=self.source)

    @property
    def n_edge(self) -> int:
        """Number of edges."""
        return int(self.first.size)

    def adjacency(self) -> scipy.sparse.csr_matrix:
        """Return the symmetric weights, shape (n_gene, n_gene)."""
        n = self.gene.size
        row = np.concatenate([self.first, self.second])
        column = np.concatenate([self.second, self.first])
        weight = np.concatenate([self.weight, self.weight])
        return scipy.sparse.csr_matrix((weight, (row, column)), shape=(n, n))

    def degree(self) -> IntArray:  # (n_gene,)
        """Return the number of neighbours of every gene."""
        ends = np.concatenate([self.first, self.second])
        return np.bincount(ends, minlength=self.gene.size)

    def neighbours(self, gene: int) -> IntArray:
        """Return the neighbours of a gene."""
        return np.concatenate(
            [self.second[self.first == gene], self.first[self.second == gene]]
        )

    def onto(self, gene: StrArray) -> GeneNetwork:
        """Return the network over other genes, in their order; edges beyond go.

        A gene that stands there several times (probes) has its edges each time.
        """
        order = np.argsort(gene, kind="stable")
        low, high = (np.searchsorted(gene[order], self.gene, s) for s in _SIDES)
        times = high - low
        n_pair = times[self.first] * times[self.second]
        edge = np.repeat(np.arange(self.n_edge), n_pair)
        number = np.arange(edge.size) - np.repeat(np.cumsum(n_pair) - n_pair, n_pair)
        one, two = self.first[edge], self.second[edge]
        return make_network(
            gene,
            order[low[one] + number // times[two]],
            order[low[two] + number % times[two]],
            self.weight[edge],
            self.source,
        )


def make_network(
    gene: StrArray,
    first: NDArray,
    second: NDArray,
    weight: FloatArray,
    source: str = "",
) -> GeneNetwork:
    """Return a network of pairs: each once, with its largest weight.

    Pairs with a position below 0 and pairs of a gene with itself are dropped.

    Examples
    --------
    >>> pairs = make_network(np.array(["a", "b", "c"]), np.array([1, 0, 2]),
    ...     np.array([0, 1, 2]), np.array([0.5, 0.9, 1.0]))
    >>> pairs.first.tolist(), pairs.second.tolist(), pairs.weight.tolist()
    ([0], [1], [0.9])
    """
    kept = (first >= 0) & (second >= 0) & (first != second)
    low = np.minimum(first, second)[kept].astype(np.int64)
    high = np.maximum(first, second)[kept].astype(np.int64)
    order = np.lexsort((-weight[kept], high, low))
    low, high, size = low[order], high[order], weight[kept][order]
    new = np.ones(low.size, dtype=bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return GeneNetwork(gene, low[new], high[new], size[new], source)
