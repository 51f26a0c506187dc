from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meristem.config.stages import NetworkFileConfig
from meristem.errors import DataError, KnowledgeError
from meristem.representation.gene_network import GeneNetwork, make_network
from meristem.representation.genes.tables import read_network


def ring() -> GeneNetwork:
    gene = np.array(["a", "b", "c", "d"])
    return make_network(
        gene, np.arange(4), np.roll(np.arange(4), -1), np.linspace(0.4, 1, 4)
    )


def test_a_cycle_is_welcome_and_symmetric() -> None:
    network = ring()
    dense = network.adjacency().toarray()
    assert np.array_equal(dense, dense.T)
    assert network.degree().tolist() == [2, 2, 2, 2]
    assert sorted(network.neighbours(0).tolist()) == [1, 3]


def test_a_network_is_put_onto_other_genes() -> None:
    moved = ring().onto(np.array(["x", "b", "a"]))
    assert moved.n_edge == 1
    assert moved.weight.tolist() == [0.4]
    assert moved.neighbours(1).tolist() == [2]


def test_every_probe_of_a_gene_has_its_edges() -> None:
    moved = ring().onto(np.array(["b", "a", "", "b", "d"]))
    pairs = zip(moved.first.tolist(), moved.second.tolist(), strict=True)
    assert sorted(pairs) == [(0, 1), (1, 3), (1, 4)]
    assert moved.weight.tolist() == [0.4, 0.4, 1.0]


def test_wrong_edges_are_refused() -> None:
    gene = np.array(["a", "b"])
    with pytest.raises(DataError, match="itself"):
        GeneNetwork(gene, np.array([1]), np.array([1]), np.ones(1))
    with pytest.raises(DataError, match="twice"):
        GeneNetwork(gene, np.array([0, 0]), np.array([1, 1]), np.ones(2))


@pytest.mark.parametrize(
    ("text", "how", "match"),
    [
        ("a\nx\n", {}, "single column"),
        ("a,b,s\nx,y,0\n", {"score": "s"}, "not above 0"),
        ("a,b,s\nx,y,3\n", {"score": "s", "min_score": 9}, "no pair"),
    ],
)
def test_wrong_tables_are_refused(
    tmp_path: Path, text: str, how: dict, match: str
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(KnowledgeError, match=match):
        read_network(NetworkFileConfig(path=path, **how))
