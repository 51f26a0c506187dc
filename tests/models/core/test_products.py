"""Products of set activities: honest columns, planted products, slow twins."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.spike_slab import SetFit, fit_sets
from meristem.mixed.targets import Target
from meristem.models.core.products import (
    Products,
    confirmed_share,
    fit_products,
    no_products,
)


def integers(*values):
    return np.array(values, dtype=np.int64)


def simulated(n=180, seed=0, product=1.0, square=0.0, noise=0.4):
    """Four sets of 3 to 6 genes; sets 0 and 2 act, and their product."""
    rng = np.random.default_rng(seed)
    factors = []
    for k in range(4):
        factor = rng.normal(size=(n, 3 + k))
        factors.append(factor / np.sqrt(np.mean(np.sum(factor**2, axis=1))))
    law = np.random.default_rng(77)
    a, b = (factors[k] @ law.normal(size=3 + k) for k in (0, 2))
    a, b = a / a.std(), b / b.std()
    y = a + b + product * a * b + square * (a**2 - 1) + noise * rng.normal(size=n)
    return factors, Target(0, np.arange(n), y, np.ones(n)), (a, b)


def linear_part(factors, target):
    fit = fit_sets([], factors, target)
    parts = [
        v * f @ (f.T @ fit.dual) for v, f in zip(fit.variance, factors, strict=True)
    ]
    return fit, np.stack(parts, axis=1)


def test_value_and_slope_by_hand():
    products = Products(
        integers(0, 1), integers(2, 1), np.array([2.0, 0.5]), np.array([0.1, 1.0])
    )
    activity = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]])
    expected = [2 * (3 - 0.1) + 0.5 * (4 - 1), 2 * (-2 - 0.1) + 0.5 * (0.25 - 1)]
    assert products.value(activity).tolist() == pytest.approx(expected)
    slope = np.zeros(3)
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-5
        up, down = products.value(activity + step), products.value(activity - step)
        slope[k] = np.mean(up - down) / 2e-5
    assert products.slope(activity) == pytest.approx(slope)


def test_the_empty_sum():
    activity = np.ones((5, 3))
    assert no_products().value(activity).tolist() == [0] * 5
    assert no_products().slope(activity).tolist() == [0] * 3


def test_the_planted_product_is_found_and_the_others_are_small():
    factors, target, (a, b) = simulated()
    fit, contribution = linear_part(factors, target)
    products = fit_products(contribution, factors, fit)
    size = {
        (int(i), int(j)): abs(e) * contribution[:, i].std() * contribution[:, j].std()
        for i, j, e in zip(
            products.first, products.second, products.effect, strict=True
        )
    }
    assert max(size, key=size.__getitem__) == (0, 2)
    assert size.pop((0, 2)) > 0.5
    assert max(size.values()) < 0.15
    bend = products.value(contribution)
    assert np.corrcoef(bend, a * b)[0, 1] > 0.9


def test_a_square_is_found():
    factors, target, (a, _) = simulated(product=0.0, square=0.7)
    fit, contribution = linear_part(factors, target)
    bend = fit_products(contribution, factors, fit).value(contribution)
    assert np.corrcoef(bend, a**2)[0, 1] > 0.9


def test_a_linear_trait_has_next_to_no_products():
    bend = []
    for seed in range(4):
        factors, target, _ = simulated(seed=seed, product=0.0)
        fit, contribution = linear_part(factors, target)
        products = fit_products(contribution, factors, fit)
        bend.append(products.value(contribution).std() / target.y.std())
    assert np.mean(bend) < 0.06


def test_left_out_columns_and_response_are_those_of_refits(monkeypatch):
    factors, target, _ = simulated(n=40)
    fit, contribution = linear_part(factors, target)
    seen = []

    def spy(x, y):
        seen.append((x, y))
        return np.zeros(x.shape[1])

    monkeypatch.setattr("meristem.models.core.products._spike_and_slab", spy)
    products = fit_products(contribution, factors, fit)
    columns, response = seen[0]
    n = target.y.size
    kernels = [v * f @ f.T for v, f in zip(fit.variance, factors, strict=True)]
    covariance = sum(kernels) + fit.residual * np.eye(n)
    honest, left = np.empty((n, 4)), np.empty(n)
    for i in range(n):
        kept = np.delete(np.arange(n), i)
        inverse = np.linalg.inv(covariance[np.ix_(kept, kept)])
        one = inverse.sum(axis=0)
        mean = one @ target.y[kept] / one.sum()
        dual = inverse @ (target.y[kept] - mean)
        for k in range(4):
            honest[i, k] = kernels[k][i, kept] @ dual
        left[i] = target.y[i] - mean - honest[i].sum()
    expected = honest[:, products.first] * honest[:, products.second]
    expected = (expected - expected.mean(axis=0)) / expected.std(axis=0)
    assert columns == pytest.approx(expected, abs=1e-6)
    left -= left.mean()
    assert response == pytest.approx(left / left.std(), abs=1e-6)


def test_nothing_carries_nothing():
    factors, target, _ = simulated()
    fit = fit_sets([], factors, target)
    none = fit_products(np.zeros((180, 4)), factors, fit)
    assert none.effect.size == 0
    still = SetFit(
        fit.base,
        fit.residual,
        fit.inclusion,
        fit.variance,
        fit.intercept,
        np.zeros(180),
        fit.projection,
    )
    assert fit_products(np.zeros((180, 4)), factors, still).effect.size == 0


def held_out(real, n=70, seed=0):
    rng = np.random.default_rng(seed)
    extra, linear = rng.normal(size=(2, n, 1))
    return linear + real * extra + 2 * rng.normal(size=(n, 1)), linear, extra


def test_the_share_is_the_odds_of_the_two_hypotheses():
    observed, linear, extra = held_out(0.6)
    weight = np.random.default_rng(1).uniform(0.5, 2, observed.shape)
    share = confirmed_share(observed, weight, linear, extra)[0]
    w, x, e = weight[:, 0], extra[:, 0], (observed - linear)[:, 0]
    b = (w @ (x * e)) / (w @ x**2)
    variance = np.sum((w * x * (e - b * x)) ** 2) / (w @ x**2) ** 2
    one = np.exp(-((b - 1) ** 2) / (2 * variance))
    none = np.exp(-(b**2) / (2 * variance))
    assert share == pytest.approx(one / (one + 4 * none))


def test_rows_and_targets_that_were_not_held_out_do_not_count():
    observed, linear, extra = held_out(1.0)
    alone = confirmed_share(observed, np.ones((70, 1)), linear, extra)
    more = [np.concatenate([part, np.full((6, 1), 9.0)]) for part in (observed, extra)]
    padded = np.concatenate([linear, np.full((6, 1), np.nan)])
    assert confirmed_share(more[0], np.ones((76, 1)), padded, more[1]) == pytest.approx(
        alone
    )
    nothing = np.full((70, 1), np.nan)
    assert confirmed_share(observed, np.ones((70, 1)), nothing, extra).tolist() == [0]
    assert confirmed_share(observed, np.ones((70, 1)), linear, 0 * extra)[0] == 0
