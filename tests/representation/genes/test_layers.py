from __future__ import annotations

import numpy as np
import pytest
import torch

from meristem.representation.gene_network import GeneNetwork, make_network
from meristem.representation.genes.layers import LAYERS, averaging, normalised


def network(order: np.ndarray | None = None) -> GeneNetwork:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 9, 14), rng.integers(0, 9, 14)
    weight = rng.uniform(0.2, 1, 14)
    if order is not None:  # gene i becomes gene place[i]
        place = np.argsort(order)
        first, second = place[first], place[second]
    return make_network(np.arange(9).astype(str), first, second, weight)


def made(kind: str, of: GeneNetwork) -> torch.nn.Module:
    return LAYERS[kind](of, 3, 4, torch.Generator().manual_seed(2))


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_layers_commute_with_a_renaming_of_the_genes(kind: str) -> None:
    order = np.random.default_rng(3).permutation(9)
    h = torch.randn(9, 5, 3, generator=torch.Generator().manual_seed(4))
    plain = made(kind, network())(h)
    renamed = made(kind, network(order))(h[order])
    assert torch.allclose(renamed, plain[order], atol=1e-5)


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_a_gene_reads_its_neighbours_alone(kind: str) -> None:
    net = network()
    layer = made(kind, net)
    h = torch.randn(9, 2, 3, generator=torch.Generator().manual_seed(4))
    before = layer(h)
    h[0] += 1.0
    moved = ((layer(h) - before).abs().sum(dim=(1, 2)) > 1e-6).nonzero().ravel()
    allowed = {0, *net.neighbours(0).tolist()}
    assert set(moved.tolist()) <= allowed
    assert len(moved) > 1


def test_weights_are_those_of_the_definition() -> None:
    net = network()
    a = net.adjacency().toarray() + np.eye(9)
    root = np.sqrt(a.sum(axis=1))
    found = normalised(net).to_dense().numpy()
    assert found == pytest.approx(a / np.outer(root, root), abs=1e-6)
    rows = averaging(net).to_dense().numpy().sum(axis=1)
    assert rows[net.degree() > 0] == pytest.approx(1, abs=1e-6)


def test_attention_is_a_mean_of_neighbours() -> None:
    layer = made("attention", network())
    same = torch.ones(9, 2, 3)
    expected = layer.linear(same)
    assert torch.allclose(layer(same), expected, atol=1e-6)
