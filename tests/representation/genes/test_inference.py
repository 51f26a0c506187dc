from __future__ import annotations

import numpy as np
import pytest

from meristem.representation.gene_network import GeneNetwork, make_network
from meristem.representation.genes.coexpression import (
    learn_coexpression,
    shuffle_network,
)
from meristem.representation.genes.inference import GraphSettings, infer_genes

P = 80


def modules(n: int, seed: int, signal: float = 1.0) -> np.ndarray:
    """Return values of genes in sixteen modules of five that share a factor each."""
    rng = np.random.default_rng(seed)
    z = np.repeat(rng.normal(size=(n, P // 5)), 5, axis=1)
    x = signal * z + 0.5 * rng.normal(size=(n, P))
    return x / x.std(axis=0)


def true_network() -> GeneNetwork:
    pairs = [(i, j) for i in range(P) for j in range(i + 1, P) if i // 5 == j // 5]
    first, second = np.array(pairs).T
    return make_network(np.arange(P).astype(str), first, second, np.ones(len(pairs)))


def ability(network: GeneNetwork | None, method: str, signal: float = 1.0) -> float:
    train, test = modules(60, 1, signal), modules(40, 2, signal)
    target = np.arange(0, P, 5)
    said = infer_genes(
        train,
        test,
        target,
        network,
        method=method,  # type: ignore[arg-type]
        rng=np.random.default_rng(3),
        settings=GraphSettings(steps=120),
    )
    r = [
        np.corrcoef(s, t)[0, 1] for s, t in zip(said.T, test[:, target].T, strict=True)
    ]
    return float(np.nanmean(r))


@pytest.mark.parametrize("method", ["ridge", "convolution", "sage", "attention"])
def test_the_true_network_beats_a_shuffled_one(method: str) -> None:
    shuffled = shuffle_network(true_network(), np.random.default_rng(5))
    told = ability(true_network(), method)
    assert told > 0.6
    assert told > ability(shuffled, method) + 0.2


def test_without_signal_all_are_at_chance() -> None:
    for network in (true_network(), None):
        assert abs(ability(network, "ridge", signal=0.0)) < 0.15


def test_co_expression_finds_the_modules() -> None:
    x = modules(100, 1)
    found = learn_coexpression(x, np.arange(P).astype(str), neighbours=4)
    inside = found.first // 5 == found.second // 5
    assert inside.mean() > 0.95
    assert found.n_edge < 2 * P * 4


def test_a_shuffle_keeps_degrees_and_moves_edges() -> None:
    network = true_network()
    shuffled = shuffle_network(network, np.random.default_rng(1))
    assert np.array_equal(shuffled.degree(), network.degree())
    before = set(zip(network.first.tolist(), network.second.tolist(), strict=True))
    after = set(zip(shuffled.first.tolist(), shuffled.second.tolist(), strict=True))
    assert len(before & after) < 0.3 * len(before)
