"""`meristem.select.index.merit`: draws give the linear index exactly, and the rest."""

import numpy as np
import pytest
from scipy.stats import norm

from meristem.records import Posterior
from meristem.select.index.merit import MeritTerm, antithetic_draws, merit, merit_draws

N, T, R = 5, 3, 4


@pytest.fixture
def belief():
    rng = np.random.default_rng(2)
    return Posterior(
        np.arange(N).astype(str),
        np.array(["a", "b", "c"]),
        np.array(["", "", ""]),
        mean=rng.normal(size=(N, T)),
        factor=rng.normal(size=(T, N, R)),
        independent=rng.uniform(0.5, 1, (N, T)),
        prior_variance=np.full((N, T), 20.0),
        noise=np.ones(T),
    )


def test_linear_merit_has_the_expectation_of_the_linear_index(belief):
    weight = np.array([2.0, -1.0, 0.5])
    terms = [MeritTerm(t, w) for t, w in enumerate(weight)]
    drawn = merit_draws(belief, terms, 101, np.random.default_rng(3))
    assert drawn.shape == (102, N)
    assert drawn.mean(axis=0) == pytest.approx(belief.mean @ weight, abs=1e-10)


def test_blocks_of_draws_are_put_together(belief, monkeypatch):
    monkeypatch.setattr("meristem.select.index.merit.BLOCK", 100 * N * T)
    drawn = merit_draws(belief, [MeritTerm(1, 2.0)], 430, np.random.default_rng(4))
    assert drawn.shape == (430, N)
    assert drawn.mean(axis=0) == pytest.approx(2 * belief.mean[:, 1])
    assert np.unique(drawn[:, 0]).size == 430


def test_expected_merit_of_thresholds_optima_and_caps(belief):
    mean, sd = belief.mean[:, 1], belief.sd[:, 1]
    z = (0.4 - mean) / sd
    expected = {
        "threshold": 3 * norm.sf(z),
        "optimum": -3 * ((mean - 0.4) ** 2 + sd**2),
        "capped": 3 * (mean - sd * (norm.pdf(z) - z * norm.sf(z))),
    }
    for form, value in expected.items():
        term = MeritTerm(1, 3.0, form, 0.4)
        drawn = merit_draws(belief, [term], 100_000, np.random.default_rng(5))
        error = drawn.std(axis=0) / np.sqrt(len(drawn) / 2)
        assert (np.abs(drawn.mean(axis=0) - value) < 4 * error + 1e-12).all()


def test_an_uncertain_line_loses_under_an_optimum():
    """Equal means at the optimum: the linear index is blind, the merit is not."""
    belief = Posterior(
        np.array(["sure", "unsure"]),
        np.array(["t"]),
        np.array([""]),
        mean=np.full((2, 1), 10.0),
        factor=np.zeros((1, 2, 1)),
        independent=np.array([[0.1], [2.0]]),
        prior_variance=np.full((2, 1), 5.0),
        noise=np.ones(1),
    )
    term = MeritTerm(0, 1.0, "optimum", 10.0)
    drawn = merit_draws(belief, [term], 500, np.random.default_rng(6)).mean(axis=0)
    assert drawn[0] > drawn[1]


def test_mirrored_draws_have_the_mean_of_the_posterior(belief):
    drawn = antithetic_draws(belief, 7, np.random.default_rng(7))
    assert drawn.shape == (8, N, T)
    assert drawn.mean(axis=0) == pytest.approx(belief.mean)
    assert merit(drawn, []) == pytest.approx(0)
