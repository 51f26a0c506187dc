"""The share of the core: measured on held-out rows, shrunk to what it is mostly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from meristem.mixed.shares import MEAN, SD, expected_share
from meristem.mixed.stacking import held_out_slopes


def case(noise, share, seed=0, n=90):
    rng = np.random.default_rng(seed)
    alone, core = rng.normal(size=(2, n, 1))
    y = (1 - share) * alone + share * core + noise * rng.normal(size=(n, 1))
    return y, rng.uniform(0.5, 2, (n, 1)), alone, core


@pytest.mark.parametrize(("noise", "share"), [(1.0, 0.2), (4.0, 0.9), (20.0, 0.5)])
def test_it_is_the_posterior_mean(noise, share):
    y, weight, alone, core = case(noise, share)
    b, variance = held_out_slopes(y, weight, alone, core - alone)[0]

    def density(x):
        return np.exp(-0.5 * ((x - b) ** 2 / variance + (x - MEAN) ** 2 / SD**2))

    total = quad(density, 0, 1)[0]
    expected = quad(lambda x: x * density(x), 0, 1)[0] / total
    assert expected_share(y, weight, alone, core)[0] == pytest.approx(
        expected, abs=1e-3
    )


def test_many_rows_are_believed_and_few_are_not():
    y, weight, alone, core = case(0.5, 0.1, n=2000)
    assert expected_share(y, weight, alone, core)[0] == pytest.approx(0.1, abs=0.03)
    y, weight, alone, core = case(50.0, 0.1)
    assert abs(expected_share(y, weight, alone, core)[0] - MEAN) < 0.1


def test_targets_are_apart_and_nothing_held_out_means_the_core():
    y, weight, alone, core = case(0.5, 0.1)
    none = np.full_like(y, np.nan)
    both = expected_share(
        np.hstack([none, y]),
        np.hstack([weight] * 2),
        np.hstack([alone] * 2),
        np.hstack([core] * 2),
    )
    assert both[0] == 1
    assert both[1] == expected_share(y, weight, alone, core)[0]
