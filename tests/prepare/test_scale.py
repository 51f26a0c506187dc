import numpy as np
import pytest

from meristem.prepare.scale import fit_scale


@pytest.fixture
def calls():
    rng = np.random.default_rng(4)
    dosage = rng.integers(0, 3, size=(29, 41)).astype(np.int8)
    dosage[rng.random(dosage.shape) < 0.1] = -1
    dosage[:, 5] = 2
    dosage[:, 6] = -1
    return dosage


def test_training_rows_have_mean_zero_and_unit_variance_over_calls(calls):
    values = fit_scale(calls).standardise(calls, np.float64)
    for column in np.delete(np.arange(41), [5, 6]):
        seen = values[calls[:, column] >= 0, column]
        assert seen.mean() == pytest.approx(0, abs=1e-6)
        assert seen.std() == pytest.approx(1, rel=1e-5)
    assert (values[calls < 0] == 0).all()


def test_a_variant_without_variation_is_zero_for_new_samples(calls):
    scale = fit_scale(calls)
    new = np.zeros((3, 41), dtype=np.int8)
    values = scale.standardise(new)
    assert (values[:, [5, 6]] == 0).all()
    assert (scale.sd > 0).all()
    assert (scale.centre(new)[:, 5] == 0).all()


def test_the_scale_is_that_of_the_training_rows_alone(calls):
    scale = fit_scale(calls[:20])
    changed = calls.copy()
    changed[20:] = 0
    again = fit_scale(changed[:20])
    assert np.array_equal(scale.mean, again.mean)
    assert np.array_equal(scale.sd, again.sd)
