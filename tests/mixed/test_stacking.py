from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.stacking import network_share


def share(y, linear, network, weight=None):
    columns = [np.asarray(a, dtype=float)[:, None] for a in (y, linear, network)]
    weight = np.ones_like(columns[0]) if weight is None else weight
    return float(network_share(columns[0], weight, columns[1], columns[2])[0])


@pytest.fixture
def y():
    return np.random.default_rng(1).normal(size=300)


def test_the_better_path_gets_all(y):
    rng = np.random.default_rng(2)
    bad = rng.normal(size=300)
    assert share(y, bad, y) == pytest.approx(1)
    assert share(y, y, bad) == pytest.approx(0, abs=0.02)


def test_equal_paths_leave_the_linear_one(y):
    assert share(y, 0.5 * y, 0.5 * y) == 0


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


def test_weights_count(y):
    wrong = y.copy()
    wrong[150:] = -y[150:]
    weight = np.ones((300, 1))
    weight[150:] = 1e-9
    assert share(y, np.zeros(300), wrong, weight) == pytest.approx(1)
    assert share(y, np.zeros(300), wrong) < 0.3
