"""`meristem.select.contribution.robust`: an independent solver agrees."""

import numpy as np
import pytest
from tests.select.contribution.test_frontier import by_cone_program, limits, lines

from meristem.errors import DataError
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme
from meristem.select.contribution.robust import (
    ErrorCovariance,
    robust_contributions,
)


def errors(n: int) -> ErrorCovariance:
    rng = np.random.default_rng(n + 1)
    return ErrorCovariance(rng.normal(size=(n, 4)), rng.uniform(0.2, 3, n))


@pytest.mark.parametrize("kappa", [0.3, 1.5])
def test_a_cone_program_finds_the_same(kappa):
    n = 40
    u, f = lines(3, n)
    made, *rest = limits(n)
    frontier = trace_frontier(u, f, made)
    theta = frontier.least + 0.6 * (frontier.greatest - frontier.least)
    error = errors(n)
    w = error.factor @ error.factor.T + np.diag(error.independent**2)
    found = robust_contributions(u, error, f, made, theta=theta, kappa=kappa)
    c, value = by_cone_program(u, f, theta, n, *rest, kappa=kappa, w=w)
    ours = found.gain - kappa * np.sqrt(error.variance(found.value))
    assert found.residual < 1e-7
    assert found.coancestry <= theta * (1 + 1e-8)
    assert ours - u.mean() == pytest.approx(value - u.mean(), abs=1e-4)
    assert found.value == pytest.approx(c, abs=5e-3)


def test_caution_costs_gain_and_saves_spread():
    n = 50
    u, f = lines(4, n)
    error = errors(n)
    made = make_programme(n)
    frontier = trace_frontier(u, f, made)
    theta = (frontier.least + frontier.greatest) / 2
    found = [
        robust_contributions(u, error, f, made, theta=theta, kappa=kappa)
        for kappa in (0.0, 0.5, 2.0)
    ]
    assert found[0].value == pytest.approx(frontier.at(theta).value)
    gains = [one.gain for one in found]
    spreads = [error.variance(one.value) for one in found]
    assert gains == sorted(gains, reverse=True)
    assert spreads == sorted(spreads, reverse=True)
    with pytest.raises(DataError, match="kappa"):
        robust_contributions(u, error, f, made, theta=theta, kappa=-1.0)


def test_rows_are_those_of_the_matrix():
    error = errors(6)
    w = error.factor @ error.factor.T + np.diag(error.independent**2)
    c = np.random.default_rng(1).normal(size=6)
    assert error.row(2) == pytest.approx(w[2])
    assert error.diagonal == pytest.approx(np.diag(w))
    assert error.variance(c) == pytest.approx(c @ w @ c)
    assert error.product(c) == pytest.approx(w @ c)
