"""Weights of held-out predictions: the better model, the mixture, the prior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from meristem.mixed.averaging.stacking import stack


def share(y, linear, network, weight=None, prior=(1.0, 0.0), sd=0.5):
    """Return the weight of the second of two models."""
    columns = [np.asarray(a, dtype=float)[:, None] for a in (y, linear, network)]
    weight = np.ones_like(columns[0]) if weight is None else weight
    found = stack(columns[0], weight, np.stack(columns[1:]), np.array(prior), sd=sd)
    assert found.sum() == pytest.approx(1)
    return float(found[1, 0])


@pytest.fixture
def y():
    return np.random.default_rng(1).normal(size=300)


def test_the_better_path_gets_all(y):
    rng = np.random.default_rng(2)
    bad = rng.normal(size=300)
    assert share(y, bad, y) == pytest.approx(1)
    assert share(y, y, bad) == pytest.approx(0, abs=0.02)


def test_equal_paths_leave_the_prior(y):
    assert share(y, 0.5 * y, 0.5 * y) == pytest.approx(0, abs=1e-6)
    assert share(y, 0.5 * y, 0.5 * y, prior=(0.2, 0.8)) == pytest.approx(0.8, abs=1e-4)


def test_noise_earns_nothing_on_average():
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(200):
        truth = rng.normal(size=100)
        y = truth + rng.normal(size=100)
        shares.append(share(y, 0.5 * truth, 0.5 * truth + 0.3 * rng.normal(size=100)))
    assert np.mean(shares) < 0.1


def test_complementary_paths_are_mixed():
    rng = np.random.default_rng(4)
    one, two = rng.normal(size=(2, 2000))
    y = one + two
    assert 0.4 < share(y, one, two) <= 1
    assert share(y, 0.5 * y + 0.5 * one, 0.5 * y + 0.5 * two) == pytest.approx(
        0.5, abs=0.05
    )


def test_missing_rows_and_few_rows(y):
    with_gaps = y.copy()
    with_gaps[::3] = np.nan
    bad = np.random.default_rng(5).normal(size=300)
    assert share(with_gaps, bad, y) == pytest.approx(1)
    few = np.full(300, np.nan)
    few[:9] = y[:9]
    assert share(few, bad, y) == 0
    assert share(few, bad, y, prior=(0.3, 0.7)) == 0.7


def test_weights_count(y):
    wrong = y.copy()
    wrong[150:] = -y[150:]
    weight = np.ones((300, 1))
    weight[150:] = 1e-9
    assert share(y, np.zeros(300), wrong, weight) == pytest.approx(1)
    assert share(y, np.zeros(300), wrong) < 0.3


@pytest.mark.parametrize("n", [30, 400])
def test_it_is_the_mode_of_the_posterior(n):
    """Three models, weights found anew by a general optimiser."""
    rng = np.random.default_rng(6)
    y = 3 + rng.normal(size=(n, 1))
    held = y * np.array([0.2, 0.5, 0.3])[:, None, None] + 2
    held = held + rng.normal(size=(3, n, 1))
    weight, prior, sd = rng.uniform(0.5, 2, (n, 1)), np.array([0.1, 0.2, 0.7]), 0.2
    found = stack(y, weight, held, prior, sd=sd)[:, 0]
    w = weight[:, 0] / weight.mean()

    def loss(a, noise, pull):
        error = w @ (y[:, 0] - a @ held[:, :, 0]) ** 2
        return error / noise + pull * np.sum((a - prior) ** 2) / sd**2

    def best(*more):
        total = {"type": "eq", "fun": lambda a: a.sum() - 1}
        return minimize(
            loss, prior, more, bounds=[(0, 1)] * 3, constraints=total, tol=1e-12
        ).x

    noise = loss(best(1.0, 0.0), 1.0, 0.0) / n
    assert found == pytest.approx(best(noise, 1.0), abs=1e-3)


def test_targets_are_apart():
    rng = np.random.default_rng(7)
    y, held = rng.normal(size=(50, 2)), rng.normal(size=(2, 50, 2))
    y[::2, 0] = np.nan
    both = stack(y, np.ones_like(y), held, np.array([0.5, 0.5]), sd=0.3)
    for t in (0, 1):
        one = stack(
            y[:, [t]], np.ones((50, 1)), held[:, :, [t]], np.array([0.5, 0.5]), sd=0.3
        )
        assert both[:, [t]] == pytest.approx(one)
