import numpy as np
import pytest
import sklearn.metrics
from scipy.stats import norm

from meristem.stats import classes

RNG = np.random.default_rng(5)
P = RNG.uniform(0.02, 0.98, 400)
Y = (RNG.random(400) < P).astype(float)


def test_measures_are_those_of_sklearn():
    assert classes.auc(Y, P) == pytest.approx(sklearn.metrics.roc_auc_score(Y, P))
    coarse = P.round(1)
    expected = sklearn.metrics.roc_auc_score(Y, coarse)
    assert classes.auc(Y, coarse) == pytest.approx(expected)
    assert classes.log_loss(Y, P) == pytest.approx(sklearn.metrics.log_loss(Y, P))
    expected = sklearn.metrics.brier_score_loss(Y, P)
    assert classes.brier(Y, P) == pytest.approx(expected)


def test_slope_tells_probabilities_that_are_too_extreme():
    odds = np.log(P / (1 - P))
    extreme = 1 / (1 + np.exp(-2 * odds))
    assert classes.calibration_slope(Y, P) == pytest.approx(1, abs=0.15)
    found = classes.calibration_slope(Y, extreme)
    assert found == pytest.approx(classes.calibration_slope(Y, P) / 2, abs=0.06)


def test_values_of_a_regression_count_as_sure():
    y, y_hat = np.array([0.0, 1.0]), np.array([-0.3, 1.4])
    assert classes.log_loss(y, y_hat) == pytest.approx(-np.log1p(-classes.LEAST))
    assert classes.brier(y, y_hat) == 0


def test_one_class_alone_has_no_auc():
    assert np.isnan(classes.auc(np.ones(4), P[:4]))
    assert not classes.is_binary(np.array([1.0, np.nan]))
    assert classes.is_binary(np.array([1.0, 0.0, np.nan]))


def test_heritability_of_the_liability_is_that_simulated():
    rng = np.random.default_rng(1)
    g = np.sqrt(0.5) * rng.standard_normal(400_000)
    liability = g + np.sqrt(0.5) * rng.standard_normal(g.size)
    for share in (0.2, 0.5):
        y = liability > norm.ppf(1 - share)
        observed = np.corrcoef(g, y)[0, 1] ** 2
        assert classes.liability_h2(observed, share) == pytest.approx(0.5, abs=0.01)
