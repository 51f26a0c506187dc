"""Spike and slab over set kernels against enumeration and recomputed projections."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from meristem.mixed.spike_slab import (
    EXPECTED_SETS,
    LARGEST_RATE,
    SLABS,
    _posterior,
    _Problem,
    fit_sets,
)
from meristem.mixed.targets import Target


def normalised(factor):
    return factor / np.sqrt(np.mean(np.sum(factor**2, axis=1)))


def problem(n=53, seed=0, effects=(0, 0, 3.0, 0, 0)):
    rng = np.random.default_rng(seed)
    factors = [normalised(rng.normal(size=(n, 3 + k % 3))) for k in range(len(effects))]
    markers = rng.normal(size=(n, 31))
    base = normalised(markers) @ normalised(markers).T
    y = 5 + 0.7 * base @ np.linalg.solve(
        base + 1e-6 * np.eye(n), markers @ rng.normal(size=31) / 6
    )
    for factor, effect in zip(factors, effects, strict=True):
        y += effect * factor @ rng.normal(size=factor.shape[1])
    weight = rng.uniform(0.5, 2, n)
    y += rng.normal(size=n) / np.sqrt(weight)
    return [base], factors, Target(0, np.arange(n), y, weight / weight.mean())


def covariance(base, factors, target, shares, variance):
    total = np.diag(shares[-1] / target.weight)
    for share, kernel in zip(shares[:-1], base, strict=True):
        total = total + share * kernel
    for share, factor in zip(variance, factors, strict=True):
        total = total + share * factor @ factor.T
    return total


def projection_of(v):
    inverse = np.linalg.inv(v)
    one = inverse.sum(axis=0)
    return inverse - np.outer(one, one) / one.sum()


def inner_problem(base, factors, target):
    return _Problem(tuple(base), tuple(factors), 1 / target.weight, target.y)


def test_projection_and_moments_are_the_textbook_ones():
    base, factors, target = problem()
    shares, variance = np.array([0.4, 0.9]), np.array([0.1, 0, 0.5, 0.2, 0])
    fast = inner_problem(base, factors, target)
    projection, dual = fast.solve(shares, variance)
    v = covariance(base, factors, target, shares, variance)
    expected = projection_of(v)
    assert projection == pytest.approx(expected, abs=1e-8)
    assert dual == pytest.approx(expected @ target.y, abs=1e-8)
    inverse = np.linalg.inv(v)
    mean = inverse.sum(axis=0) @ target.y / inverse.sum()
    assert fast.intercept(shares, variance) == pytest.approx(mean)
    noise = np.diag(1 / target.weight)
    quadratic, trace = fast.moments(projection, dual)
    for i, kernel in enumerate([*base, noise]):
        expected_q = target.y @ expected @ kernel @ expected @ target.y
        assert quadratic[i] == pytest.approx(expected_q)
        assert trace[i] == pytest.approx(np.trace(expected @ kernel))


@pytest.mark.parametrize("k", [0, 2, 4])
def test_a_set_taken_out_is_a_projection_computed_without_it(k):
    base, factors, target = problem()
    shares, variance = np.array([0.4, 0.9]), np.array([0.1, 0, 0.5, 0.2, 0.3])
    fast = inner_problem(base, factors, target)
    projection, dual = fast.solve(shares, variance)
    middle, image = fast.without(k, projection, dual, variance[k])
    variance[k] = 0
    left_out = projection_of(covariance(base, factors, target, shares, variance))
    factor = factors[k]
    assert middle == pytest.approx(factor.T @ left_out @ factor, abs=1e-7)
    assert image == pytest.approx(factor.T @ left_out @ target.y, abs=1e-7)


def restricted_likelihood(v, y):
    contrast = np.linalg.svd(np.eye(y.size) - 1 / y.size)[0][:, :-1].T
    return multivariate_normal.logpdf(
        contrast @ y, np.zeros(y.size - 1), contrast @ v @ contrast.T
    )


def test_one_set_has_the_posterior_of_enumeration():
    """With the other variances known, every slab is a restricted likelihood."""
    base, factors, target = problem(effects=(0, 0.8))
    shares, scale, rate = np.array([0.4, 0.9]), 1.7, 0.15
    variance = np.array([0.3, 0.0])
    fast = inner_problem(base, factors, target)
    projection, dual = fast.solve(shares, variance)
    inclusion, expected = _posterior(
        *fast.without(1, projection, dual, 0.0), scale, rate
    )
    logs = []
    for slab in (0.0, *SLABS):
        variance[1] = slab * scale
        v = covariance(base, factors, target, shares, variance)
        logs.append(restricted_likelihood(v, target.y))
    weight = np.exp(np.array(logs) - max(logs))
    weight *= np.array([1 - rate, *[rate / SLABS.size] * SLABS.size])
    weight /= weight.sum()
    assert inclusion == pytest.approx(weight[1:].sum(), abs=1e-6)
    assert expected == pytest.approx(weight[1:] @ SLABS, abs=1e-6)


def test_inclusion_is_near_that_of_all_models_together():
    """Three sets, every combination of slabs; base variances those of the fit."""
    effects = (0, 0.9, 0.35)
    base, factors, target = problem(n=71, seed=4, effects=effects)
    fit = fit_sets(base, factors, target)
    scale = float(np.average((target.y - target.y.mean()) ** 2))
    rate = min(LARGEST_RATE, EXPECTED_SETS / 3)
    states = [(0.0, 1 - rate), *((slab, rate / SLABS.size) for slab in SLABS)]
    logs, included = [], []
    for combination in itertools.product(states, repeat=3):
        variance = np.array([slab for slab, _ in combination]) * scale
        shares = np.array([*fit.base, fit.residual])
        v = covariance(base, factors, target, shares, variance)
        prior = sum(np.log(p) for _, p in combination)
        logs.append(restricted_likelihood(v, target.y) + prior)
        included.append(variance > 0)
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    exact = weight @ np.array(included)
    assert fit.inclusion == pytest.approx(exact, abs=0.1)
    assert np.argmax(fit.inclusion) == np.argmax(exact) == 1


def test_many_sets_the_true_ones_found_the_others_left():
    rng = np.random.default_rng(1)
    n = 220
    factors = [normalised(rng.normal(size=(n, 6))) for _ in range(150)]
    y = 1.5 * sum(factors[k] @ rng.normal(size=6) for k in (7, 80))
    target = Target(0, np.arange(n), y + rng.normal(size=n), np.ones(n))
    fit = fit_sets([np.eye(n)], factors, target)
    assert set(np.argsort(-fit.inclusion)[:2]) == {7, 80}
    assert fit.inclusion[[7, 80]].min() > 0.9
    assert np.delete(fit.inclusion, [7, 80]).mean() < 0.05
    assert (fit.variance > 0).sum() <= 128


def test_nothing_to_find_leaves_the_base_kernels():
    base, factors, target = problem(n=150, effects=(0,) * 40)
    fit = fit_sets(base, factors, target)
    assert fit.variance.sum() < 0.3 * (fit.base.sum() + fit.residual)


def test_without_sets_it_is_blup_under_its_variances():
    base, _, target = problem(n=90)
    fit = fit_sets(base, [], target)
    v = covariance(base, [], target, np.array([*fit.base, fit.residual]), [])
    assert fit.dual == pytest.approx(projection_of(v) @ target.y, abs=1e-8)
    assert fit.inclusion.size == 0


def test_scale_and_shift_of_the_trait_pass_through():
    base, factors, target = problem()
    fit = fit_sets(base, factors, target)
    moved = Target(0, target.rows, 100 + 10 * target.y, target.weight)
    other = fit_sets(base, factors, moved)
    assert other.inclusion == pytest.approx(fit.inclusion, abs=1e-6)
    assert other.variance == pytest.approx(100 * fit.variance, rel=1e-5, abs=1e-6)
    assert other.intercept == pytest.approx(100 + 10 * fit.intercept)


def test_no_base_kernels():
    _, factors, target = problem()
    fit = fit_sets([], factors, target)
    assert fit.base.size == 0
    assert int(np.argmax(fit.inclusion)) == 2


def test_sets_of_more_genes_than_lines_are_their_kernel():
    """A wide factor and its Cholesky root are one model."""
    rng = np.random.default_rng(2)
    n = 41
    wide = [normalised(rng.normal(size=(n, 90 + k))) for k in range(3)]
    y = 2 * wide[1] @ rng.normal(size=91) + rng.normal(size=n)
    target = Target(0, np.arange(n), y, np.ones(n))
    roots = [np.linalg.cholesky(f @ f.T) for f in wide]
    one, two = fit_sets([np.eye(n)], wide, target), fit_sets([np.eye(n)], roots, target)
    assert one.inclusion == pytest.approx(two.inclusion, abs=1e-6)
    assert one.dual == pytest.approx(two.dual, abs=1e-6)
