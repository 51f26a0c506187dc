import numpy as np
import scipy.stats

from meristem.stats.intervals import mean_interval


def test_the_interval_is_that_of_the_t_test() -> None:
    x = np.random.default_rng(1).normal(1.0, 2.0, 7)
    expected = scipy.stats.ttest_1samp(x, 0.0).confidence_interval(0.95)
    mean, low, high = mean_interval(x)
    assert np.allclose([low, high], [expected.low, expected.high])
    assert low < mean < high


def test_few_values_have_none() -> None:
    assert np.isnan(mean_interval([])).all()
    assert np.isnan(mean_interval([2.0])[1:]).all()
