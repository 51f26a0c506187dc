import numpy as np
import pytest

from meristem.errors import DataError
from meristem.genetics import relationship
from meristem.genetics.frequency import dosage_moments
from meristem.genetics.relationship import (
    centre_kernel,
    cross_gram,
    diagonal_gram,
    gram,
    nearest_relationship,
    principal_axes,
    relationship_from_blocks,
    relationship_matrix,
)


@pytest.fixture
def calls():
    rng = np.random.default_rng(1)
    dosage = rng.integers(0, 3, size=(23, 61)).astype(np.int8)
    dosage[rng.random(dosage.shape) < 0.05] = -1
    return dosage


def naive(left, right, mean, factor):
    def scaled(calls):
        out = np.empty(calls.shape)
        for i, j in np.ndindex(calls.shape):
            missing = calls[i, j] < 0
            out[i, j] = 0 if missing else (calls[i, j] - mean[j]) * factor[j]
        return out

    return scaled(left) @ scaled(right).T


def test_gram_equals_naive_product_over_block_borders(calls):
    mean = dosage_moments(calls).mean
    factor = np.random.default_rng(2).random(mean.size)
    expected = naive(calls, calls, mean, factor)
    assert gram(calls, mean, factor, block=9) == pytest.approx(
        expected, rel=1e-5, abs=1e-5
    )
    assert diagonal_gram(calls, mean, factor, block=9) == pytest.approx(
        np.diag(expected), rel=1e-5
    )


def test_cross_gram_uses_the_training_mean_for_both_sides(calls):
    train, test = calls[:15], calls[15:]
    mean = dosage_moments(train).mean
    factor = np.full(mean.size, 0.5)
    expected = naive(test, train, mean, factor)
    got = cross_gram(test, train, mean, factor, block=10)
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_vanraden_golden_value():
    # p = (.25, .5); Z = M - 2p; denominators 2 (.25*.75 + .25) = .875
    dosage = np.array([[0, 2], [1, 0]], dtype=np.int8)
    expected = np.array([[0.25 + 1, -0.25 - 1], [-0.25 - 1, 0.25 + 1]]) / 0.875
    assert relationship_matrix(dosage) == pytest.approx(expected, rel=1e-6)


def test_streamed_blocks_give_the_same_matrix(calls):
    whole = relationship_matrix(calls)
    streamed = relationship_from_blocks(
        (calls[:, s : s + 7] for s in range(0, calls.shape[1], 7)), calls.shape[0]
    )
    assert streamed == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_no_segregating_variant_is_refused():
    dosage = np.full((4, 3), 2, dtype=np.int8)
    with pytest.raises(DataError, match="no variant segregates"):
        relationship_matrix(dosage)
    with pytest.raises(DataError, match="no variant segregates"):
        relationship_from_blocks([dosage], 4)


def test_principal_axes_separate_two_groups_and_shares_sum_to_one():
    rng = np.random.default_rng(5)
    frequency = np.where(np.arange(10) < 4, 0.9, 0.1)[:, None]
    dosage = rng.binomial(2, frequency, size=(10, 80)).astype(np.int8)
    kernel = relationship_matrix(dosage)
    scores, share = principal_axes(kernel, 10)
    assert (np.sign(scores[:4, 0]) == np.sign(scores[0, 0])).all()
    assert (np.sign(scores[4:, 0]) == -np.sign(scores[0, 0])).all()
    assert share.sum() == pytest.approx(1)
    assert scores @ scores.T == pytest.approx(centre_kernel(kernel), abs=1e-8)


def test_axes_of_many_lines_are_those_of_a_full_decomposition(monkeypatch):
    rng = np.random.default_rng(6)
    z = rng.standard_normal((70, 40)) * np.linspace(3, 0.5, 40)
    expected, share = principal_axes(z @ z.T, 5)
    monkeypatch.setattr("meristem.genetics.relationship._DIRECT", 10)
    found, other = principal_axes(z @ z.T, 5)
    assert found == pytest.approx(expected, abs=1e-6)
    assert other == pytest.approx(share)


def test_the_nearest_relative_is_that_of_variants_evenly_over_the_genome(monkeypatch):
    rng = np.random.default_rng(3)
    train = rng.integers(0, 3, size=(9, 61)).astype(np.int8)
    new = np.vstack([train[4], rng.integers(0, 3, size=(3, 61))]).astype(np.int8)
    mean = train.mean(axis=0)
    centred, other = (new - mean)[:, ::3], (train - mean)[:, ::3]
    unit = centred / np.linalg.norm(centred, axis=1)[:, None]
    expected = (unit @ (other / np.linalg.norm(other, axis=1)[:, None]).T).max(axis=1)
    monkeypatch.setattr(relationship, "MOST_VARIANTS", 30)
    found = nearest_relationship(new, train, mean)
    assert found == pytest.approx(expected, rel=1e-5)
    assert found[0] == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 3)])
def test_no_lines_and_no_variants_have_products_of_nothing(shape):
    calls = np.zeros(shape, dtype=np.int8)
    found = gram(calls, np.zeros(shape[1]))
    assert found.tolist() == np.zeros((shape[0], shape[0])).tolist()


def test_many_blocks_are_summed_as_few_are():
    rng = np.random.default_rng(5)
    calls = rng.integers(0, 3, size=(300, 67)).astype(np.int8)
    mean = calls.mean(axis=0)
    expected = (calls - mean) @ (calls - mean).T
    assert gram(calls, mean, block=5) == pytest.approx(expected, abs=1e-3)
