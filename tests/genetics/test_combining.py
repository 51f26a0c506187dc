import numpy as np
import pytest

from meristem.genetics.combining import (
    dominance_matrix,
    general_combining_kernel,
    heterozygosity,
    specific_combining_kernel,
)


@pytest.fixture
def parents():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(5, 9)), rng.normal(size=(4, 7))
    side_1, side_2 = np.divmod(np.arange(20), 4)
    return first @ first.T, second @ second.T, side_1, side_2


def test_kernels_equal_pair_by_pair_covariances(parents):
    kernel_1, kernel_2, side_1, side_2 = parents
    general = general_combining_kernel(kernel_1, side_1)
    specific = specific_combining_kernel(kernel_1, side_1, kernel_2, side_2)
    for i, j in np.ndindex(20, 20):
        one = kernel_1[side_1[i], side_1[j]]
        two = kernel_2[side_2[i], side_2[j]]
        assert general[i, j] == one
        assert specific[i, j] == pytest.approx(one * two)
    assert np.linalg.eigvalsh(specific).min() > -1e-9


def test_heterozygosity_is_one_between_the_homozygotes():
    calls = np.array([[0, 1, 2, -1], [4, 3, 0, 1]], dtype=np.int8)
    assert heterozygosity(calls[:1]).tolist() == [[0, 1, 0, -1]]
    assert heterozygosity(calls[1:], ploidy=4).tolist() == [[0, 1, 0, 1]]


def test_dominance_equals_the_plain_formula():
    rng = np.random.default_rng(2)
    p = rng.uniform(0.1, 0.9, 50)
    calls = rng.binomial(2, p, (12, 50)).astype(np.int8)
    h = (calls == 1) - 2 * p * (1 - p)
    expected = h @ h.T / np.sum(2 * p * (1 - p) * (1 - 2 * p * (1 - p)))
    assert dominance_matrix(calls, p) == pytest.approx(expected, abs=1e-5)
