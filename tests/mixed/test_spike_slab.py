"""Spike and slab over groups of columns against enumeration and slow twins."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import multivariate_normal

from meristem.mixed.spike_slab import (
    ColumnPrior,
    SpikeSlab,
    fit_columns,
    fit_groups,
    several_columns,
    slab_odds,
)
from meristem.mixed.targets import Target

SLABS = np.array([0.03, 0.1, 0.3])


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


def restricted_likelihood(v, y):
    contrast = np.linalg.svd(np.eye(y.size) - 1 / y.size)[0][:, :-1].T
    return multivariate_normal.logpdf(
        contrast @ y, np.zeros(y.size - 1), contrast @ v @ contrast.T
    )


@pytest.mark.parametrize("members", [1, 3])
def test_the_odds_of_a_group_are_those_of_enumeration(members):
    """With the other variances known, every slab is a restricted likelihood."""
    base, factors, target = problem(effects=(0, 0.8))
    shares, rate, factor = np.array([0.4, 0.9]), 0.15, factors[1][:, :members]
    p = projection_of(covariance(base, factors[:1], target, shares, [0.3]))
    odds = slab_odds(factor.T @ p @ factor, factor.T @ p @ target.y, SLABS, rate)
    logs = [
        restricted_likelihood(
            covariance(base, [factors[0], factor], target, shares, [0.3, slab]),
            target.y,
        )
        for slab in (0.0, *SLABS)
    ]
    weight = np.exp(np.array(logs) - max(logs))
    weight *= np.array([1 - rate, *[rate / SLABS.size] * SLABS.size])
    assert odds == pytest.approx(weight / weight.sum(), abs=1e-6)


def test_inclusion_is_near_that_of_all_models_together():
    """Three groups, every combination of slabs; base variances those of the fit."""
    base, factors, target = problem(n=71, seed=4, effects=(0, 0.9, 0.35))
    settings = SpikeSlab(one_column=0.0)
    found = fit_groups(base, factors, target, settings=settings)
    scale = float(np.average((target.y - target.y.mean()) ** 2))
    rate, slabs = settings.rate(3), settings.slabs
    states = [(0.0, 1 - rate), *((slab, rate / len(slabs)) for slab in slabs)]
    logs, included = [], []
    for combination in itertools.product(states, repeat=3):
        variance = np.array([slab for slab, _ in combination]) * scale
        shares = np.array([*found.base, found.residual])
        v = covariance(base, factors, target, shares, variance)
        prior = sum(np.log(p) for _, p in combination)
        logs.append(restricted_likelihood(v, target.y) + prior)
        included.append(variance > 0)
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    exact = weight @ np.array(included)
    assert found.inclusion == pytest.approx(exact, abs=0.1)
    assert np.argmax(found.inclusion) == np.argmax(exact) == 1


def test_base_variances_are_a_mode_where_there_are_no_groups():
    base, _, target = problem(n=90)
    settings = SpikeSlab(tolerance=1e-8, rounds=300)
    found = fit_groups(base, [], target, settings=settings)
    shape = np.array([settings.base_prior, settings.noise_prior])

    def log_density(variance):
        v = covariance(base, [], target, variance, [])
        prior = shape @ np.log(variance) - shape.sum() * np.log(variance.sum())
        return restricted_likelihood(v, target.y) + prior

    best = np.append(found.base, found.residual)
    around = [best * step for step in ([1.1, 1], [0.9, 1], [1, 1.05], [1, 0.95])]
    assert all(log_density(other) < log_density(best) for other in around)


def test_the_prediction_is_the_blup_under_the_variances_reported():
    base, factors, target = problem()
    found = fit_groups(base, factors, target)
    shares = np.append(found.base, found.residual)
    v = covariance(base, factors, target, shares, found.variance)
    p = projection_of(v)
    inverse = np.linalg.inv(v)
    assert found.projection == pytest.approx(p, abs=1e-8)
    assert found.dual == pytest.approx(p @ target.y, abs=1e-8)
    mean = inverse.sum(axis=0) @ target.y / inverse.sum()
    assert found.intercept == pytest.approx(mean)


def test_many_groups_the_true_ones_found_the_others_left():
    rng = np.random.default_rng(1)
    n = 220
    factors = [normalised(rng.normal(size=(n, 6))) for _ in range(150)]
    y = 1.5 * sum(factors[k] @ rng.normal(size=6) for k in (7, 80))
    target = Target(0, np.arange(n), y + rng.normal(size=n), np.ones(n))
    found = fit_groups([np.eye(n)], factors, target)
    assert set(np.argsort(-found.inclusion)[:2]) == {7, 80}
    assert found.inclusion[[7, 80]].min() > 0.9
    assert np.delete(found.inclusion, [7, 80]).mean() < 0.05
    assert (found.variance > 0).sum() <= SpikeSlab().followed
    assert ((found.variance > 0) == (found.inclusion > 0)).all()


def test_nothing_to_find_leaves_the_base_kernels():
    base, factors, target = problem(n=150, effects=(0,) * 40)
    found = fit_groups(base, factors, target)
    assert found.variance.sum() < 0.3 * (found.base.sum() + found.residual)


@pytest.mark.parametrize(("effect", "included"), [(1.5, True), (0.0, False)])
def test_a_column_of_large_effect_leaves_the_kernels_and_noise_does_not(
    effect, included
):
    rng = np.random.default_rng(3)
    x = rng.integers(0, 2, size=(120, 30)) * 2.0
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = effect * x[:, 11] + rng.normal(size=120)
    target = Target(0, np.arange(120), y, np.ones(120))
    columns = [x[:, [j]] for j in range(30)]
    rare = SpikeSlab(largest_rate=1e-4)
    found = fit_groups([x @ x.T / 30], columns, target, settings=rare)
    assert bool(found.inclusion[11] > 0.9) is included
    assert (found.inclusion > 0.5).sum() == int(included)


def test_without_groups_it_is_blup_under_its_variances():
    base, _, target = problem(n=90)
    found = fit_groups(base, [], target)
    v = covariance(base, [], target, np.array([*found.base, found.residual]), [])
    assert found.dual == pytest.approx(projection_of(v) @ target.y, abs=1e-8)
    assert found.inclusion.size == 0


def test_scale_and_shift_of_the_trait_pass_through():
    base, factors, target = problem()
    moved = Target(0, target.rows, 100 + 10 * target.y, target.weight)
    one, other = fit_groups(base, factors, target), fit_groups(base, factors, moved)
    assert other.inclusion == pytest.approx(one.inclusion, abs=1e-6)
    assert other.variance == pytest.approx(100 * one.variance, rel=1e-5, abs=1e-6)
    assert other.intercept == pytest.approx(100 + 10 * one.intercept)


def test_no_base_kernels():
    _, factors, target = problem()
    found = fit_groups([], factors, target)
    assert found.base.size == 0
    assert int(np.argmax(found.inclusion)) == 2


def test_groups_of_more_columns_than_rows_are_their_kernel():
    """A wide factor and its Cholesky root are one model."""
    rng = np.random.default_rng(2)
    n = 41
    wide = [normalised(rng.normal(size=(n, 90 + k))) for k in range(3)]
    y = 2 * wide[1] @ rng.normal(size=91) + rng.normal(size=n)
    target = Target(0, np.arange(n), y, np.ones(n))
    roots = [np.linalg.cholesky(f @ f.T) for f in wide]
    one, two = (fit_groups([np.eye(n)], f, target) for f in (wide, roots))
    assert one.variance == pytest.approx(two.variance, abs=1e-6)
    assert one.dual == pytest.approx(two.dual, abs=1e-6)


def test_one_column_that_groups_share_names_neither_but_predicts():
    """Three groups hold one strong column, a fourth many weak ones."""
    rng = np.random.default_rng(11)
    n, strong = 220, rng.normal(size=220)
    groups = [
        normalised(np.column_stack([strong, rng.normal(size=(n, 6 + k))]))
        for k in range(3)
    ]
    groups.append(normalised(rng.normal(size=(n, 9))))
    spread = groups[3] @ rng.choice([-1.0, 1.0], size=9)
    y = 0.8 * strong + spread / spread.std() * 0.8 + 0.7 * rng.normal(size=n)
    target = Target(0, np.arange(n), y, np.ones(n))
    found = fit_groups([np.eye(n)], groups, target)
    naive = fit_groups([np.eye(n)], groups, target, settings=SpikeSlab(one_column=0.0))
    assert naive.inclusion[:3].max() > 0.8
    assert found.inclusion[:3].max() < 0.5
    assert found.inclusion[3] > 0.9
    assert found.dual == pytest.approx(naive.dual, abs=1e-12)


def test_several_columns_against_one_are_weighed_as_by_densities():
    """A slow twin: marginal densities of y under every hypothesis."""
    rng = np.random.default_rng(3)
    n, k, slabs, rate, odds = 13, 4, np.array([0.3, 0.9]), 0.2, 0.7
    factor, y = rng.normal(size=(n, k)), rng.normal(size=n)
    y += factor[:, 1]

    def density(kernel, slab):
        return multivariate_normal(np.zeros(n), np.eye(n) + slab * kernel).pdf(y)

    none = density(np.zeros((n, n)), 0.0)
    several = np.mean([density(factor @ factor.T, slab) for slab in slabs])
    power = (factor**2).sum(axis=0)
    columns = factor * np.sqrt(power.sum() / power)
    alone = np.mean(
        [density(np.outer(c, c), slab) for slab in slabs for c in columns.T]
    )
    weight = np.array([(1 - rate) * none, rate * several, rate * odds * alone])
    found = several_columns(factor.T @ factor, factor.T @ y, slabs, rate, odds)
    assert found == pytest.approx(weight[1] / weight.sum(), abs=1e-9)


def columns_case(n=90, k=5, n_response=7, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k))
    x[:, 1] += 0.6 * x[:, 0]
    x -= x.mean(axis=0)
    y = rng.normal(size=(n, n_response))
    y[:, 2] += x[:, 1]
    y[:, 4] -= 0.7 * x[:, 3]
    return x, y - y.mean(axis=0)


def columns(x, y, count=None, **more):
    count = np.full(y.shape[1], float(x.shape[0])) if count is None else count
    barred = np.zeros((x.shape[1], y.shape[1]), dtype=bool)
    return fit_columns(
        x.T @ x, x.T @ y, np.sum(y**2, axis=0), count, x.shape[0],
        **({"barred": barred} | more),
    )  # fmt: skip


def test_effects_of_columns_are_those_of_a_slow_twin():
    """The same ascent, column by column and response by response, some rows missing."""
    x, y = columns_case()
    (n, k), n_response = x.shape, y.shape[1]
    x, prior = x / x.std(axis=0), ColumnPrior(rounds=6)
    count = np.linspace(0.5, 1, n_response) * n
    found = columns(x, y, count, prior=prior)
    power = np.sum(y**2, axis=0)
    noise, rate, slab = power / count, np.full(k, prior.first_rate), prior.first_slab
    effect, included, second = np.zeros((3, k, n_response))
    for _ in range(prior.rounds):
        for j, t in itertools.product(range(k), range(n_response)):
            share = count[t] / n
            left = x[:, j] @ y[:, t] - share * x[:, j] @ (x @ effect[:, t])
            left += share * n * effect[j, t]
            # the marginal likelihood of the slope that is left, with and without
            error = noise[t] / count[t]
            slope, both = left / count[t], (0.0, slab)
            one = [multivariate_normal.logpdf(slope, 0, error + s) for s in both]
            included[j, t] = expit(one[1] - one[0] + logit(rate[j]))
            spread = 1 / (1 / error + 1 / slab)
            effect[j, t] = included[j, t] * spread * slope / error
            second[j, t] = included[j, t] * ((spread * slope / error) ** 2 + spread)
        rate = (included.sum(axis=1) + prior.rate_prior[0]) / (
            n_response + prior.rate_prior[1]
        )
        rate = np.clip(rate, 1e-4, prior.largest_rate)
        slab = max(second.sum() / included.sum(), 1e-3)
        fit = np.sum(effect * (x.T @ x @ effect), axis=0) * count / n
        left = power - 2 * np.sum(effect * (x.T @ y), axis=0) + fit
        left += count * np.sum(second - effect**2, axis=0)
        noise = np.maximum(left, 1e-3 * power) / count
    assert found == pytest.approx(effect, abs=1e-8)


def test_effects_of_columns_are_found_and_bars_are_kept():
    x, y = columns_case(n=300, n_response=40)
    found = columns(x, y)
    assert found[1, 2] == pytest.approx(1, abs=0.2)
    assert found[3, 4] == pytest.approx(-0.7, abs=0.2)
    found[1, 2] = found[3, 4] = 0
    assert np.abs(found).max() < 0.1
    barred = np.zeros(found.shape, dtype=bool)
    barred[1, 2] = True
    assert columns(x, y, barred=barred)[1, 2] == 0


def test_known_error_of_the_responses_shrinks_their_effects():
    x, y = columns_case(n=60)
    free, known = columns(x, y), columns(x, y, least_noise=4.0)
    assert abs(known[3, 4]) < 0.9 * abs(free[3, 4])
    assert np.array_equal(columns(x, y, least_noise=0.0), free)
