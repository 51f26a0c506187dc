"""Layers that hand values along the edges of a network: convolution, attention, SAGE.

A gene is a node, a batch of samples stands side by side; all layers commute with a
renaming of the genes.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from meristem.representation.gene_network import GeneNetwork


def normalised(network: GeneNetwork) -> Tensor:  # sparse (n_gene, n_gene)
    """Return the adjacency with loops, divided by the roots of both degrees.

    References
    ----------
    Kipf & Welling 2017, ICLR (equation 2).
    """
    n = network.gene.size
    matrix = network.adjacency().tocoo()
    row = np.concatenate([matrix.row, np.arange(n)])
    column = np.concatenate([matrix.col, np.arange(n)])
    weight = np.concatenate([matrix.data, np.ones(n)])
    degree = np.bincount(row, weight, n)
    weight = weight / np.sqrt(degree[row] * degree[column])
    return _sparse(row, column, weight, n)


def averaging(network: GeneNetwork) -> Tensor:  # sparse (n_gene, n_gene)
    """Return weights that average the neighbours of a gene; no loops."""
    n = network.gene.size
    matrix = network.adjacency().tocoo()
    degree = np.maximum(np.bincount(matrix.row, matrix.data, n), 1e-12)
    return _sparse(matrix.row, matrix.col, matrix.data / degree[matrix.row], n)


def _sparse(row: np.ndarray, column: np.ndarray, weight: np.ndarray, n: int) -> Tensor:
    index = torch.from_numpy(np.stack([row, column]).astype(np.int64))
    value = torch.from_numpy(weight.astype(np.float32))
    return torch.sparse_coo_tensor(
        index, value, (n, n), check_invariants=False
    ).coalesce()


def _along(matrix: Tensor, h: Tensor) -> Tensor:
    """Return the sums over neighbours of (n_gene, batch, width)."""
    n, batch, width = h.shape
    return torch.sparse.mm(matrix, h.reshape(n, -1)).view(n, batch, width)


class GraphConvolution(nn.Module):
    """h -> A h W, A the normalised adjacency."""

    def __init__(
        self, network: GeneNetwork, n_in: int, n_out: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.matrix = normalised(network)
        self.linear = _linear(n_in, n_out, generator)

    def forward(self, h: Tensor) -> Tensor:  # (n_gene, batch, n_out)
        """Return the layer of (n_gene, batch, n_in)."""
        return _along(self.matrix, self.linear(h))


class GraphSage(nn.Module):
    """h -> h V + mean of the neighbours' h W: a gene is told from its neighbours.

    References
    ----------
    Hamilton, Ying & Leskovec 2017, NeurIPS (GraphSAGE, mean aggregator).
    """

    def __init__(
        self, network: GeneNetwork, n_in: int, n_out: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.matrix = averaging(network)
        self.own = _linear(n_in, n_out, generator)
        self.near = _linear(n_in, n_out, generator)

    def forward(self, h: Tensor) -> Tensor:  # (n_gene, batch, n_out)
        """Return the layer of (n_gene, batch, n_in)."""
        return self.own(h) + self.near(_along(self.matrix, h))


class GraphAttention(nn.Module):
    """Neighbours weighted by a learned softmax of both ends' values.

    References
    ----------
    Velickovic et al. 2018, ICLR (GAT, one head).
    """

    def __init__(
        self, network: GeneNetwork, n_in: int, n_out: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        index = normalised(network).indices()
        self.row, self.column = index[0], index[1]
        self.n_gene = network.gene.size
        self.linear = _linear(n_in, n_out, generator)
        self.target = _linear(n_out, 1, generator)
        self.source = _linear(n_out, 1, generator)

    def forward(self, h: Tensor) -> Tensor:  # (n_gene, batch, n_out)
        """Return the layer of (n_gene, batch, n_in)."""
        h = self.linear(h)
        logit = (self.target(h)[self.row] + self.source(h)[self.column]).squeeze(-1)
        logit = nn.functional.leaky_relu(logit, 0.2)  # (n_edge, batch)
        top = torch.full((self.n_gene, h.shape[1]), -torch.inf)
        top = top.scatter_reduce(
            0, self.row[:, None].expand_as(logit), logit.detach(), "amax"
        )
        weight = torch.exp(logit - top[self.row])
        total = torch.zeros_like(top).index_add(0, self.row, weight)
        weight = weight / total[self.row]
        out = torch.zeros_like(h)
        return out.index_add(0, self.row, weight[..., None] * h[self.column])


LAYERS: dict[str, type[nn.Module]] = {
    "convolution": GraphConvolution,
    "attention": GraphAttention,
    "sage": GraphSage,
}


def _linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    bound = max(n_in, 1) ** -0.5
    with torch.no_grad():
        draw = torch.rand(layer.weight.shape, generator=generator)
        layer.weight.copy_(bound * (2 * draw - 1))
        layer.bias.zero_()
    return layer
