from __future__ import annotations

import numpy as np

from meristem.representation.gene_network import make_network
from meristem.representation.genes.smooth import (
    SHARES,
    agreement,
    choose_share,
    spread,
)

N, P = 40, 12


def ring() -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of a network in which genes of one triple are neighbours."""
    pairs = [(i, j) for i in range(P) for j in range(i + 1, P) if i // 3 == j // 3]
    return np.array(pairs).T


def test_the_mean_of_the_neighbours_is_weighted_by_edges() -> None:
    rng = np.random.default_rng(1)
    first, second = ring()
    weight = rng.uniform(0.2, 1.0, first.size)
    network = make_network(np.arange(P + 1).astype(str), first, second, weight)
    x = rng.normal(size=(N, P + 1))
    said = spread(x, network, 0.3)
    matrix = np.zeros((P + 1, P + 1))
    matrix[first, second] = matrix[second, first] = weight
    for gene in range(P):
        near = x @ matrix[gene] / matrix[gene].sum()
        assert np.allclose(said[:, gene], 0.7 * x[:, gene] + 0.3 * near)
    assert np.array_equal(said[:, P], x[:, P])  # without neighbours


def test_shares_follow_what_neighbours_have_in_common() -> None:
    rng = np.random.default_rng(2)
    truth = np.repeat(rng.normal(size=(N, P // 3)), 3, axis=1)
    noisy = truth + 1.5 * rng.normal(size=(N, P))
    measured = truth + 0.1 * rng.normal(size=(N, P))
    measured[:, -1] = np.nan  # never measured
    first, second = ring()
    network = make_network(np.arange(P).astype(str), first, second, np.ones(first.size))
    rows, test = np.arange(20), np.arange(20, N)
    share = choose_share(noisy, measured, network, rows)
    assert share == max(SHARES)
    before = agreement(noisy, measured, test)
    assert agreement(spread(noisy, network, share), measured, test) > before + 0.1
    alone = rng.normal(size=(N, P))
    assert choose_share(alone, alone, network, rows) == 0.0
    assert agreement(noisy, np.full((N, P), np.nan), test) == 0.0
