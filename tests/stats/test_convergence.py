import numpy as np
import pytest

from meristem.stats.convergence import ess_bulk, ess_tail, rhat

N_CHAIN, N_DRAW = 4, 1000


def autoregressive(phi, seed):
    rng = np.random.default_rng(seed)
    x = np.empty((N_CHAIN, 5 * N_DRAW))
    x[:, 0] = rng.standard_normal(N_CHAIN) / np.sqrt(1 - phi**2)
    for t in range(1, x.shape[1]):
        x[:, t] = phi * x[:, t - 1] + rng.standard_normal(N_CHAIN)
    return x


def test_independent_draws_are_worth_their_number():
    found = [
        np.random.default_rng(s).standard_normal((N_CHAIN, N_DRAW)) for s in (1, 2, 3)
    ]
    assert np.mean([rhat(x) for x in found]) == pytest.approx(1.0, abs=0.003)
    assert np.mean([ess_bulk(x) for x in found]) == pytest.approx(4000, rel=0.1)
    assert np.mean([ess_tail(x) for x in found]) == pytest.approx(4000, rel=0.15)


def test_autocorrelated_draws_are_worth_what_theory_says():
    phi = 0.9
    found = np.mean([ess_bulk(autoregressive(phi, seed)) for seed in range(4)])
    expected = N_CHAIN * 5 * N_DRAW * (1 - phi) / (1 + phi)
    assert found == pytest.approx(expected, rel=0.12)


def test_chains_that_differ_in_level_or_spread_are_told():
    x = np.random.default_rng(2).standard_normal((N_CHAIN, N_DRAW))
    assert rhat(x + [[0], [0], [0], [1]]) > 1.05
    assert rhat(x * [[1], [1], [1], [4]]) > 1.05
    assert rhat(x + np.linspace(0, 2, N_DRAW)) > 1.05
    assert ess_bulk(x + [[0], [0], [0], [3]]) < 20


def test_ranks_stand_infinite_variance_and_monotone_change():
    x = np.random.default_rng(3).standard_cauchy((N_CHAIN, N_DRAW))
    assert rhat(x) < 1.01
    assert ess_bulk(x) == pytest.approx(ess_bulk(np.arctan(x)), rel=1e-9)


def test_a_constant_has_no_convergence():
    assert np.isnan(rhat(np.ones((2, 10))))
    assert np.isnan(ess_bulk(np.ones((2, 10))))
