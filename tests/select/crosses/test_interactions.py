"""Interacting pairs are found among progeny, and nothing where nothing interacts."""

import numpy as np

from meristem.select.crosses.interactions import MOST_LOCI, find_pairs


def families(n_family: int, n: int, n_locus: int, seed: int) -> tuple:
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(n_family), n)
    x = rng.choice(np.float32([-1, 1]), (n_family * n, n_locus))
    fixed = rng.random((n_family, n_locus)) < 0.4
    x[fixed[family]] = 0
    return rng, x, family


def test_planted_pairs_are_found_exactly() -> None:
    rng, x, family = families(5, 60, 31, 1)
    level = rng.normal(size=5)[family]  # of the family: no part of any product
    value = 2.0 * x[:, 3] * x[:, 20] - 1.0 * x[:, 7] * x[:, 8] + level
    found = find_pairs(x, value, family)
    order = np.argsort(found.first)
    assert found.first[order].tolist() == [3, 7]
    assert found.second[order].tolist() == [20, 8]
    np.testing.assert_allclose(found.effect[order], [2, -1], atol=5e-3)
    naive = sum(
        e * x[:, j] * x[:, k]
        for j, k, e in zip(found.first, found.second, found.effect, strict=True)
    )
    np.testing.assert_allclose(found.value(x), naive, rtol=1e-5)


def test_noise_has_few_pairs_and_constants_none() -> None:
    rng, x, family = families(3, 50, 17, 2)
    assert find_pairs(x, rng.normal(size=150), family, most=40).first.size <= 24
    assert find_pairs(x, np.ones(150), family).first.size == 0


def test_among_many_loci_the_acting_ones_are_sought() -> None:
    _, x, family = families(4, 60, MOST_LOCI + 300, 3)
    x[:, [11, 900]] = np.where(x[:, [11, 900]] == 0, 1, x[:, [11, 900]])
    found = find_pairs(x, 3.0 * x[:, 11] * x[:, 900], family, most=8)
    assert (11, 900) in set(
        zip(found.first.tolist(), found.second.tolist(), strict=True)
    )
