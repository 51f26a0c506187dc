"""Networks of shared sets against loops, and on genes that go together by set."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.representation.genes.shared_sets import join_by_sets

GENE = np.array([f"g{j}" for j in range(14)])


def test_weights_are_those_of_loops_over_pairs() -> None:
    rng = np.random.default_rng(1)
    member = rng.random((9, GENE.size)) < 0.3
    member[0] = True  # more genes than are allowed
    found = join_by_sets(member, GENE, largest=10)
    expected = np.zeros((GENE.size, GENE.size))
    for row in member:
        inside = np.flatnonzero(row)
        if inside.size > 10:
            continue
        for i in inside:
            for j in inside[inside != i]:
                expected[i, j] += 1 / (inside.size - 1)
    expected /= expected.max()
    assert found.adjacency().toarray() == pytest.approx(expected)


def test_sets_of_one_gene_join_nothing() -> None:
    assert join_by_sets(np.eye(3, dtype=bool), GENE[:3]).n_edge == 0
