import numpy as np
import pytest

from meristem.genetics.frequency import (
    dosage_moments,
    heterozygosity,
)


@pytest.fixture
def calls():
    rng = np.random.default_rng(3)
    dosage = rng.integers(0, 5, size=(37, 53)).astype(np.int8)
    dosage[rng.random(dosage.shape) < 0.1] = -1
    dosage[:, 7] = -1
    return dosage


def test_moments_equal_nan_statistics_column_by_column(calls):
    moments = dosage_moments(calls, block=10)
    for column in range(calls.shape[1]):
        seen = calls[calls[:, column] >= 0, column].astype(float)
        assert moments.n_called[column] == seen.size
        if seen.size:
            assert moments.mean[column] == pytest.approx(seen.mean(), rel=1e-7)
            assert moments.variance[column] == pytest.approx(seen.var(), abs=1e-6)


def test_never_called_variant_has_zero_mean(calls):
    assert dosage_moments(calls).mean[7] == 0


def test_heterozygosity_is_one_between_the_homozygotes():
    calls = np.array([[0, 1, 2, -1], [4, 3, 0, 1]], dtype=np.int8)
    assert heterozygosity(calls[:1]).tolist() == [[0, 1, 0, -1]]
    assert heterozygosity(calls[1:], ploidy=4).tolist() == [[0, 1, 0, 1]]
