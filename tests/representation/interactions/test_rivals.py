"""Homology: against a slow twin; proteins without relatives say nothing."""

import numpy as np
import scipy.sparse

from meristem.representation.interactions.pairs import Pairs
from meristem.representation.interactions.rivals import similarity_score


def test_similarity_score_against_loops() -> None:
    rng = np.random.default_rng(1)
    s = rng.random((7, 7)) * (rng.random((7, 7)) < 0.5)
    s = np.maximum(s, s.T)
    s[6] = s[:, 6] = 0
    train = Pairs(np.array([0, 1, 2]), np.array([3, 4, 3]), np.array([2, 0, 1]))
    first, second = np.array([0, 5, 6]), np.array([5, 4, 1])
    found = similarity_score(train, scipy.sparse.csr_array(s), first, second)
    for place, (i, j) in enumerate(zip(first, second, strict=True)):
        told = total = 0.0
        for a, b, level in zip(train.first, train.second, train.level, strict=True):
            for p, q in ((a, b), (b, a)):
                near = s[i, p] ** 3 * s[j, q] ** 3
                told, total = told + near * level, total + near
        assert np.isclose(found[place], told / total if total else 0.0)
    assert found[2] == 0


def test_a_fold_without_pairs_has_no_scores() -> None:
    none, near = np.empty(0, int), scipy.sparse.csr_array(np.eye(3))
    train = Pairs(np.array([0]), np.array([1]), np.array([1]))
    assert similarity_score(train, near, none, none).shape == (0,)
