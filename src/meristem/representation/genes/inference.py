"""Single-gene inference: a gene's value from those of its neighbours.

The question is whether the network tells more than chance does: beside it stand the
same without the network, and with a network shuffled degree by degree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from meristem.records import FloatArray, IntArray
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.blend import blended_ridge
from meristem.representation.genes.layers import LAYERS
from meristem.representation.impute.methods import neighbour_ridge, ridge_rows
from meristem.train.descent import limited_threads

Method = Literal["weighted", "ridge", "convolution", "attention", "sage"]


@dataclass(frozen=True)
class GraphSettings:
    """How a graph network learns to tell hidden genes."""

    width: int = 16
    hidden_share: float = 0.15  # of the genes, in every step
    steps: int = 150
    batch: int = 32
    learning_rate: float = 1e-2
    threads: int = 1


def infer_genes(
    train: FloatArray,  # (n_train, n_gene) standardised on the training rows
    test: FloatArray,  # (n_test, n_gene)
    target: IntArray,  # (n_target,) genes hidden in the test rows
    network: GeneNetwork | None,
    *,
    method: Method = "ridge",
    rng: np.random.Generator,
    settings: GraphSettings | None = None,
) -> FloatArray:  # (n_test, n_target)
    """Return hidden genes of test rows, told from the other genes of the row.

    Without a network that is ridge regression on all genes.

    Parameters
    ----------
    train, test
        Values without gaps.
    target
        Positions of the hidden genes.
    network
        Learned from the training rows or given; None: none.
    method
        `weighted`: ridge on all genes, the neighbours with more weight where that
        tells more; `ridge` on the neighbours alone; or a graph network of two layers.
    rng
        Source of randomness of the graph networks.
    settings
        Of the graph networks.
    """
    holed = test.copy()
    holed[:, target] = np.nan
    both = np.concatenate([train, holed])
    n = train.shape[0]
    if network is None and method != "weighted":
        return ridge_rows(both)[n:, target]
    if method == "weighted" or network is None:
        return _weighted(train, test, target, network)
    if method == "ridge":
        return neighbour_ridge(both, network)[n:, target]
    made = _fit_graph(train, network, method, rng, settings or GraphSettings())
    return _told(made, holed)[:, target]


def _weighted(
    train: FloatArray,
    test: FloatArray,
    target: IntArray,
    network: GeneNetwork | None,
) -> FloatArray:  # (n_test, n_target)
    seen = np.ones(train.shape[1], dtype=bool)
    seen[target] = False
    own = linear_kernels(train[:, seen], test[:, seen])
    out = np.empty((test.shape[0], target.size))
    for place, gene in enumerate(target.tolist()):
        near = None
        if network is not None:
            names = network.neighbours(gene)
            names = names[seen[names]]
            if names.size:
                near = linear_kernels(train[:, names], test[:, names])
        out[:, place], _ = blended_ridge(train[:, gene], own, near)
    return out


def linear_kernels(
    train: FloatArray,  # (n_train, n_feature)
    test: FloatArray,  # (n_test, n_feature)
) -> tuple[FloatArray, FloatArray]:  # (n_train, n_train), (n_test, n_train)
    """Return products of rows per feature, among training rows and with test rows."""
    p = train.shape[1]
    return train @ train.T / p, test @ train.T / p


class GraphInference(nn.Module):
    """Two layers along the edges; every gene has an offset and a slope of its own."""

    def __init__(
        self,
        network: GeneNetwork,
        method: str,
        width: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        layer = LAYERS[method]
        self.first = layer(network, 2, width, generator)
        self.second = layer(network, width, width, generator)
        self.read = nn.Parameter(
            0.1 * torch.randn(network.gene.size, width, generator=generator)
        )

    def forward(
        self,
        x: Tensor,  # (n_gene, batch) hidden values are 0
        hidden: Tensor,  # (n_gene, batch)
    ) -> Tensor:  # (n_gene, batch)
        """Return every gene as its neighbours tell it."""
        h = torch.stack([x, hidden.to(x)], dim=2)
        h = torch.tanh(self.first(h))
        h = torch.tanh(self.second(h))
        return (h * self.read[:, None, :]).sum(dim=2)


def _fit_graph(
    train: FloatArray,
    network: GeneNetwork,
    method: str,
    rng: np.random.Generator,
    settings: GraphSettings,
) -> GraphInference:
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    made = GraphInference(network, method, settings.width, generator)
    x = torch.from_numpy(np.ascontiguousarray(train.T, dtype=np.float32))
    optimiser = torch.optim.AdamW(
        made.parameters(), lr=settings.learning_rate, weight_decay=1e-2
    )
    with limited_threads(settings.threads):
        for _ in range(settings.steps):
            rows = torch.from_numpy(
                rng.permutation(x.shape[1])[: settings.batch].astype(np.int64)
            )
            own = x[:, rows]
            draw = torch.rand(own.shape, generator=generator)
            hidden = draw < settings.hidden_share
            said = made(own * ~hidden, hidden)
            loss = ((said - own) ** 2 * hidden).sum() / hidden.sum().clamp(min=1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    return made


def _told(made: GraphInference, holed: FloatArray) -> FloatArray:
    hidden = torch.from_numpy(np.isnan(holed).T.copy())
    x = torch.from_numpy(np.nan_to_num(holed).T.astype(np.float32).copy())
    with torch.no_grad():
        return made(x, hidden).T.double().numpy()
