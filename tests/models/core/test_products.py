"""Products of set activities: leave-one-out columns, planted products, slow twins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from meristem.mixed.spike_slab import fit_groups
from meristem.mixed.targets import Target
from meristem.models.core.products import (
    Products,
    fit_products,
    leave_one_out,
    no_products,
)
from meristem.models.core.settings import CoreSettings


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


def products_of(contribution, factors, fit, target):
    return fit_products(contribution, factors, fit, target, CoreSettings())


def linear_part(factors, target):
    fit = fit_groups([], factors, target)
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
    products = products_of(contribution, factors, fit, target)
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
    bend = products_of(contribution, factors, fit, target).value(contribution)
    assert np.corrcoef(bend, a**2)[0, 1] > 0.9


def test_a_linear_trait_has_next_to_no_products():
    bend = []
    for seed in range(4):
        factors, target, _ = simulated(seed=seed, product=0.0)
        fit, contribution = linear_part(factors, target)
        products = products_of(contribution, factors, fit, target)
        bend.append(products.value(contribution).std() / target.y.std())
    assert np.mean(bend) < 0.06


def test_leave_one_out_values_are_those_of_refits():
    factors, target, _ = simulated(n=40)
    fit, contribution = linear_part(factors, target)
    left, values = leave_one_out(contribution, factors, fit, np.arange(4))
    n = target.y.size
    kernels = [v * f @ f.T for v, f in zip(fit.variance, factors, strict=True)]
    covariance = sum(kernels) + fit.residual * np.eye(n)
    expected, rest = np.empty((n, 4)), np.empty(n)
    for i in range(n):
        kept = np.delete(np.arange(n), i)
        inverse = np.linalg.inv(covariance[np.ix_(kept, kept)])
        one = inverse.sum(axis=0)
        mean = one @ target.y[kept] / one.sum()
        dual = inverse @ (target.y[kept] - mean)
        for k in range(4):
            expected[i, k] = kernels[k][i, kept] @ dual
        rest[i] = target.y[i] - mean - expected[i].sum()
    assert values == pytest.approx(expected, abs=1e-6)
    assert left == pytest.approx(rest, abs=1e-6)


def test_nothing_carries_nothing():
    factors, target, _ = simulated()
    fit, _ = linear_part(factors, target)
    assert products_of(np.zeros((180, 4)), factors, fit, target).effect.size == 0
    still = replace(fit, dual=np.zeros(180))
    assert products_of(np.zeros((180, 4)), factors, still, target).effect.size == 0


def test_products_of_activities_are_those_of_contributions():
    spread = np.array([2.0, 0.0, 0.5])
    products = Products(
        integers(0, 1, 2), integers(2, 1, 2), np.array([2.0, 1, 0.5]), np.ones(3)
    )
    activity = np.random.default_rng(0).normal(size=(9, 3))
    expected = products.value(activity * spread) + 1  # that of set 1 is no more
    assert products.of_activities(spread).value(activity) == pytest.approx(expected)
