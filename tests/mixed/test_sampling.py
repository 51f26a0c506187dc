"""Sampled inclusion against every combination of sets, written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from meristem.mixed import sampling as set_sampling
from meristem.mixed.sampling import sample_inclusion
from meristem.mixed.spike_slab import BASE_PRIOR, NOISE_PRIOR, SLABS, fit_sets
from meristem.mixed.targets import Target

N = 60


@pytest.fixture(name="case")
def make_case():
    rng = np.random.default_rng(4)
    shared = rng.normal(size=(N, 3))
    own = [rng.normal(size=(N, m)) for m in (2, 1, 4)]
    sets = [np.hstack([shared[:, :2], own[0]]), np.hstack([shared, own[1]]), own[2]]
    sets = [part / np.sqrt(np.mean(np.sum(part**2, axis=1))) for part in sets]
    x = rng.normal(size=(N, 40))
    base = x @ x.T
    base /= np.trace(base) / N
    y = 3 + shared @ [0.6, 0.4, 0.0] + x @ rng.normal(size=40) / 8
    y += rng.normal(size=N)
    weight = rng.uniform(0.5, 2.0, N)
    return [base], sets, Target(0, np.arange(N), y, weight)


def restricted_likelihood(covariance, y):
    inverse = np.linalg.inv(covariance)
    ones = np.ones(y.size)
    total = inverse @ ones
    projection = inverse - np.outer(total, total) / total.sum()
    half = np.linalg.slogdet(covariance)[1] + np.log(total.sum())
    return -0.5 * (half + y @ projection @ y)


def enumerate_sets(base, sets, target, rate):
    """Every combination of sets on a grid of the other two variances."""
    scale = np.average((target.y - target.y.mean()) ** 2)
    grid = np.exp(np.linspace(np.log(1e-3), np.log(4.0), 28)) * scale
    options = [(0.0, None), *((s * scale, i) for i, s in enumerate(SLABS))]
    noise = np.diag(1 / target.weight)
    log_weight, on = [], []
    for chosen in itertools.product(options, repeat=len(sets)):
        covariance, prior = np.zeros_like(noise), 0.0
        for (size, slab), part, r in zip(chosen, sets, rate, strict=True):
            covariance += size * part @ part.T
            prior += np.log(1 - r) if slab is None else np.log(r / SLABS.size)
        size = sum(size for size, _ in chosen)
        for a, b in itertools.product(grid, repeat=2):
            shares = BASE_PRIOR * np.log(a) + NOISE_PRIOR * np.log(b)
            shares -= (BASE_PRIOR + NOISE_PRIOR) * np.log(a + b + size)
            whole = covariance + a * base[0] + b * noise
            likelihood = restricted_likelihood(whole, target.y)
            log_weight.append(prior + shares + likelihood)
            on.append([size > 0 for size, _ in chosen])
    weight = np.exp(np.array(log_weight) - max(log_weight))
    return weight @ np.array(on) / weight.sum()


def test_sampling_agrees_with_all_combinations(case):
    base, sets, target = case
    case = base, sets[:2], target
    rate = np.array([0.3, 0.2])
    fit = fit_sets(*case, rate)
    wanted = enumerate_sets(*case, rate)
    found = sample_inclusion(
        *case, rate, fit, rng=np.random.default_rng(0), sweeps=4000
    )
    assert wanted.max() > 0.3
    np.testing.assert_allclose(found, wanted, atol=0.03)


def test_same_seed_same_numbers_and_the_improbable_keep_theirs(case, monkeypatch):
    rate = np.array([0.3, 0.2, 0.1])
    fit = fit_sets(*case, rate)
    one, other = (
        sample_inclusion(*case, rate, fit, rng=np.random.default_rng(7), sweeps=9)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)
    monkeypatch.setattr(set_sampling, "MAX_SAMPLED", 2)
    least = int(np.argmin(fit.inclusion))
    found = sample_inclusion(*case, rate, fit, rng=np.random.default_rng(7))
    assert found[least] == fit.inclusion[least]
    assert not np.isclose(
        np.delete(found, least), np.delete(fit.inclusion, least)
    ).any()


def test_more_members_than_rows(case):
    base, sets, target = case
    rng = np.random.default_rng(8)
    wide = rng.normal(size=(N, 3 * N)) / np.sqrt(3 * N)
    rate = np.full(4, 0.2)
    fit = fit_sets(base, [*sets, wide], target, rate)
    found = sample_inclusion(base, [*sets, wide], target, rate, fit, rng=rng)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
