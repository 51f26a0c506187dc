"""Pairs: no record twice, degrees kept, and no held-out protein in training."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.representation.gene_network import make_network
from meristem.representation.interactions.pairs import make_pairs, protein_folds


def network(n: int = 60, n_edge: int = 200, seed: int = 1):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n, (2, n_edge)) ** 2 // n  # few of many partners
    gene = np.array([f"g{i}" for i in range(n)])
    return make_network(gene, ends[0], ends[1], rng.random(n_edge) + 0.01)


def test_pairs_without_record_are_drawn_like_partners() -> None:
    net = network()
    made = make_pairs(
        net, n_level=3, negatives=1.0, draw="degree", rng=np.random.default_rng(2)
    )
    code = made.first * 60 + made.second
    assert np.unique(code).size == code.size == 2 * net.n_edge
    drawn = made.take(np.flatnonzero(made.level == 0))
    ends = np.concatenate([drawn.first, drawn.second])
    degree = np.bincount(ends, minlength=60)
    assert np.corrcoef(degree, net.degree())[0, 1] > 0.7
    count = np.bincount(made.level)[1:]
    assert count.size == 3
    assert np.ptp(count) <= 2
    with pytest.raises(DataError, match="without record"):
        make_pairs(
            net, n_level=3, negatives=20.0, draw="uniform", rng=np.random.default_rng(2)
        )


def test_held_out_groups_are_in_no_training_pair() -> None:
    pairs = make_pairs(
        network(),
        n_level=2,
        negatives=1.0,
        draw="uniform",
        rng=np.random.default_rng(3),
    )
    group = np.arange(60) // 2
    folds = protein_folds(pairs, group, 4, rng=np.random.default_rng(4))
    both = []
    for fold in folds:
        train = pairs.take(fold.train)
        known = set(group[np.concatenate([train.first, train.second])].tolist())
        new = pairs.take(fold.test["both new"])
        assert not known & set(group[np.concatenate([new.first, new.second])].tolist())
        one = pairs.take(fold.test["one new"])
        held = [
            (a in known) + (b in known)
            for a, b in zip(group[one.first], group[one.second], strict=True)
        ]
        assert max(held) <= 1
        sizes = [fold.train.size, *(rows.size for rows in fold.test.values())]
        assert sum(sizes) == pairs.level.size
        both.append(fold.test["both new"])
    assert np.unique(np.concatenate(both)).size == sum(rows.size for rows in both)
    with pytest.raises(DataError, match="similar proteins holds"):
        protein_folds(pairs, np.zeros(60, int), 4, rng=np.random.default_rng(4))
