"""A trait from values of genes (burdens of alleles, expression) over a network."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from meristem.records import FloatArray
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.blend import blended_ridge
from meristem.representation.genes.inference import (
    GraphSettings,
    Method,
    linear_kernels,
)
from meristem.representation.genes.layers import LAYERS
from meristem.representation.genes.smooth import spread
from meristem.train.descent import limited_threads


def trait_from_genes(
    train: FloatArray,  # (n_train, n_gene) standardised on the training rows
    trait: FloatArray,  # (n_train,)
    test: FloatArray,  # (n_test, n_gene)
    network: GeneNetwork | None,
    *,
    method: Method = "weighted",
    rng: np.random.Generator,
    settings: GraphSettings | None = None,
) -> FloatArray:  # (n_test,)
    """Return the trait of test rows.

    Parameters
    ----------
    train, test
        Values without gaps.
    trait
        Of the training rows.
    network
        Over the genes; None: ridge regression on all genes.
    method
        `weighted`: ridge on the genes and on what each gene's neighbours have, their
        shares by generalised cross-validation; or two layers along the edges, whose
        sum over genes is the trait.
    rng
        Source of randomness of the layers.
    settings
        Of the layers.
    """
    own = linear_kernels(train, test)
    if network is None:
        return blended_ridge(trait, own)[0]
    if method in LAYERS:
        return _layers(train, trait, test, network, method, rng, settings)
    near = spread(np.concatenate([train, test]), network, share=1.0)
    scale = float(np.sqrt((near[: train.shape[0]] ** 2).mean()))
    near /= max(scale, 1e-12)
    kernels = linear_kernels(near[: train.shape[0]], near[train.shape[0] :])
    return blended_ridge(trait, own, kernels)[0]


class GraphTrait(nn.Module):
    """Two layers along the edges; the trait is a weighted sum over genes."""

    def __init__(
        self,
        network: GeneNetwork,
        method: str,
        width: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        layer = LAYERS[method]
        n = network.gene.size
        self.first = layer(network, 1, width, generator)
        self.second = layer(network, width, width, generator)
        draw = torch.randn(n, width, generator=generator)
        self.read = nn.Parameter(draw / (n * width) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:  # (n_gene, batch) -> (batch,)
        """Return the trait of every row."""
        h = torch.tanh(self.first(x[:, :, None]))
        h = torch.tanh(self.second(h))
        return (h * self.read[:, None, :]).sum(dim=(0, 2))


def _layers(
    train: FloatArray,
    trait: FloatArray,
    test: FloatArray,
    network: GeneNetwork,
    method: str,
    rng: np.random.Generator,
    settings: GraphSettings | None,
) -> FloatArray:
    settings = settings or GraphSettings()
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    made = GraphTrait(network, method, settings.width, generator)
    mean, sd = float(trait.mean()), max(float(trait.std()), 1e-12)
    x = torch.from_numpy(np.ascontiguousarray(train.T, dtype=np.float32))
    y = torch.from_numpy(((trait - mean) / sd).astype(np.float32))
    optimiser = torch.optim.AdamW(
        made.parameters(), lr=0.3 * settings.learning_rate, weight_decay=1.0
    )
    with limited_threads(settings.threads):
        for _ in range(settings.steps):
            rows = torch.from_numpy(rng.permutation(x.shape[1])[: settings.batch])
            loss = ((made(x[:, rows]) - y[rows]) ** 2).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            new = np.ascontiguousarray(test.T, dtype=np.float32)
            said = made(torch.from_numpy(new)).double().numpy()
    return mean + sd * said
