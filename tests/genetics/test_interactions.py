from itertools import combinations

import numpy as np
import pytest

from meristem.genetics.interactions import breeding_dominance, pairs_kernel

N, M, P = 6, 4, 7


def test_pairs_kernel_is_that_of_all_products_of_two_variants():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((N, P)), rng.standard_normal((M, P))
    pairs = list(combinations(range(P), 2))
    one, two = (np.stack([z[:, i] * z[:, j] for i, j in pairs], 1) for z in (a, b))
    assert pairs_kernel((a, b), (a, b)) / 2 == pytest.approx(one @ two.T)


def test_pairs_kernel_of_two_effects_leaves_self_pairs_out():
    rng = np.random.default_rng(2)
    a, b, c, d = (rng.standard_normal((k, P)) for k in (N, M, N, M))
    pairs = [(i, j) for i in range(P) for j in range(P) if i != j]
    one = np.stack([a[:, i] * c[:, j] for i, j in pairs], 1)
    two = np.stack([b[:, i] * d[:, j] for i, j in pairs], 1)
    assert pairs_kernel((a, b), (c, d)) == pytest.approx(one @ two.T)


def test_dominance_is_orthogonal_to_dosage_in_hardy_weinberg_proportions():
    p = np.array([0.1, 0.37, 0.5])
    levels = np.repeat(np.arange(3)[:, None], 3, axis=1).astype(np.int8)
    h = breeding_dominance(levels, p)
    chance = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2])
    assert (chance * h).sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert (chance * h * levels).sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert (chance * h**2).sum(axis=0) == pytest.approx((2 * p * (1 - p)) ** 2)
