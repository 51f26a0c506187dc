from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from meristem.stats import metrics

RNG = np.random.default_rng(8)
Y = RNG.standard_normal(31)
Y_HAT = 0.5 * Y + RNG.standard_normal(31) + 3
TIED = np.round(Y_HAT)


@pytest.mark.parametrize("y_hat", [Y_HAT, TIED])
def test_correlations_equal_scipy(y_hat):
    assert metrics.pearson(Y, y_hat) == pytest.approx(
        scipy.stats.pearsonr(Y, y_hat).statistic
    )
    assert metrics.spearman(Y, y_hat) == pytest.approx(
        scipy.stats.spearmanr(Y, y_hat).statistic
    )


@pytest.mark.parametrize("y_hat", [Y_HAT, TIED])
@pytest.mark.parametrize("k", [1, 4, 31, 99])
def test_ndcg_equals_sklearn_with_shifted_gain(y_hat, k):
    expected = sklearn.metrics.ndcg_score([Y - Y.min()], [y_hat], k=k)
    assert metrics.ndcg(Y, y_hat, k) == pytest.approx(expected)


def test_ndcg_by_hand():
    # gains 2, 0, 3 in predicted order; discounts 1, 1 / log2(3)
    y, y_hat = np.array([3.0, 5, 6]), np.array([2.0, 3, 1])
    discount = 1 / np.log2(3)
    expected = (2 * 1 + 0 * discount) / (3 * 1 + 2 * discount)
    assert metrics.ndcg(y, y_hat, 2) == pytest.approx(expected)


def test_squared_error_measures_equal_sklearn():
    assert metrics.mse(Y, Y_HAT) == pytest.approx(
        sklearn.metrics.mean_squared_error(Y, Y_HAT)
    )
    r2 = sklearn.metrics.r2_score(Y, Y_HAT)
    assert metrics.r2(Y, Y_HAT) == pytest.approx(r2)
    assert metrics.relative_mse(Y, Y_HAT) == pytest.approx(1 - r2)


def test_slope_and_intercept_equal_scipy():
    line = scipy.stats.linregress(Y_HAT, Y)
    assert metrics.slope(Y, Y_HAT) == pytest.approx(line.slope)
    assert metrics.intercept(Y, Y_HAT) == pytest.approx(line.intercept)
    assert metrics.bias(Y, Y_HAT) == pytest.approx((Y_HAT - Y).mean())


def test_integer_weights_are_repetitions():
    w = RNG.integers(0, 4, 31)
    y, y_hat = np.repeat(Y, w), np.repeat(Y_HAT, w)
    for name in ("pearson", "mse", "relative_mse", "r2"):
        measure = getattr(metrics, name)
        assert measure(Y, Y_HAT, w.astype(float)) == pytest.approx(measure(y, y_hat))


def test_top_coincidence_by_hand():
    y, y_hat = np.array([5.0, 4, 3, 2, 1]), np.array([1.0, 5, 4, 2, 3])
    assert metrics.top_coincidence(y, y_hat, 2) == 0.5
    assert metrics.top_coincidence(y, y_hat, 3) == pytest.approx(2 / 3)


def test_top_coincidence_of_ties_is_the_mean_over_tie_breaks():
    y, y_hat = np.array([5.0, 4, 3, 2]), np.array([1.0, 1, 1, 0])
    chosen = itertools.combinations(range(3), 2)
    means = [len({0, 1} & set(pair)) / 2 for pair in chosen]
    assert metrics.top_coincidence(y, y_hat, 2) == pytest.approx(np.mean(means))


@pytest.mark.parametrize("level", [0.0, 7.3, 1e9])
def test_constant_prediction_ranks_nothing(level):
    noise = 1e-15 * max(level, 1) * RNG.standard_normal(31)
    for y_hat in (np.full(31, level), level + noise):
        assert metrics.pearson(Y, y_hat) == 0
        assert metrics.spearman(Y, y_hat) == 0
        assert np.isnan(metrics.slope(Y, y_hat))
    assert metrics.top_coincidence(Y, np.full(31, level), 5) == pytest.approx(5 / 31)


def test_tiny_but_real_predictions_are_not_constant():
    assert metrics.pearson(Y, 1e-6 * Y_HAT) == pytest.approx(metrics.pearson(Y, Y_HAT))


def test_constant_observations_are_undefined():
    for name in ("pearson", "spearman", "relative_mse", "r2"):
        assert np.isnan(getattr(metrics, name)(np.full(31, 2.0), Y_HAT))
    assert np.isnan(metrics.ndcg(np.full(31, 2.0), Y_HAT, 3))


def test_missing_pairs_are_left_out():
    y, y_hat = Y.copy(), Y_HAT.copy()
    y[3], y_hat[8] = np.nan, np.nan
    keep = np.setdiff1d(np.arange(31), [3, 8])
    for name, measure in metrics.METRICS.items():
        got = measure(y, y_hat, 4)
        assert got == pytest.approx(measure(Y[keep], Y_HAT[keep], 4)), name


def test_no_pairs_at_all():
    empty = np.full(4, np.nan)
    for name, measure in metrics.METRICS.items():
        assert np.isnan(measure(empty, Y_HAT[:4], 2)), name


def test_coverage():
    y = np.array([1.0, 2, 3, np.nan])
    low, high = np.array([0.0, 2.5, 3, 0]), np.array([1.0, 3, 3, 1])
    assert metrics.coverage(y, low, high) == pytest.approx(2 / 3)
    assert np.isnan(metrics.coverage(y, low, np.full(4, np.nan)))


@given(n=st.integers(1, 500), share=st.floats(0.01, 0.99))
def test_top_count_is_a_possible_number(n, share):
    assert 1 <= metrics.top_count(n, share) <= n


@given(
    scale=st.floats(0.01, 100),
    shift=st.floats(-50, 50),
    seed=st.integers(0, 30),
)
def test_ranking_measures_ignore_origin_and_unit(scale, shift, seed):
    rng = np.random.default_rng(seed)
    y, y_hat = rng.standard_normal(12), rng.standard_normal(12)
    for name in ("pearson", "spearman", "ndcg", "top_coincidence"):
        measure = metrics.METRICS[name]
        moved = measure(scale * y + shift, scale * y_hat + shift, 3)
        assert moved == pytest.approx(measure(y, y_hat, 3), abs=1e-6)
