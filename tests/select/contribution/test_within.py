"""`meristem.select.contribution.within`: a bound on the coancestry of each pool."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme
from meristem.select.contribution.within import (
    PoolBound,
    contributions_within,
    pool_coancestry,
)

N = 40
POOLS = np.arange(0, 25), np.arange(25, N)


def case(seed: int):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (N, 60)) - 0.5
    x[20:25] = x[20]
    f = 2 * x @ x.T / 60 + 0.5
    share = [(POOLS[0], 0.5), (POOLS[1], 0.5)]
    caps = [(np.arange(10), 0.2)]
    u = rng.normal(size=N)
    made = make_programme(N, share=share, high=np.full(N, 0.3), caps=caps)
    return u, f, made


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_equals_a_cone_solver(seed: int) -> None:
    cvxpy = pytest.importorskip("cvxpy")
    u, f, made = case(seed)
    frontier = trace_frontier(u, f, made)
    theta = frontier.least + 0.5 * (frontier.greatest - frontier.least)
    free = frontier.at(theta)
    bounds = tuple(
        PoolBound(rows, 0.5, 0.75 * pool_coancestry(free.value, f, rows) + 0.14, name)
        for rows, name in zip(POOLS, ("one", "two"), strict=True)
    )
    found = contributions_within(u, f, made, free, theta, bounds)
    c = cvxpy.Variable(N)
    asked = [c >= 0, c <= 0.3, cvxpy.sum(c[POOLS[0]]) == 0.5, cvxpy.sum(c) == 1]
    asked += [cvxpy.sum(c[:10]) <= 0.2]
    asked += [cvxpy.quad_form(c, cvxpy.psd_wrap(f)) <= theta]
    for bound in bounds:
        part = f[np.ix_(bound.rows, bound.rows)]
        own = cvxpy.quad_form(c[bound.rows], cvxpy.psd_wrap(part))
        asked.append(own <= bound.theta / 4)
    problem = cvxpy.Problem(cvxpy.Maximize(u @ c), asked)
    problem.solve(solver=cvxpy.CLARABEL)
    assert found.gain == pytest.approx(problem.value, rel=1e-6)
    assert found.gain < free.gain
    for bound in bounds:
        kept = pool_coancestry(found.value, f, bound.rows)
        assert kept <= bound.theta * (1 + 1e-6)
    assert found.coancestry <= theta * (1 + 1e-6)
    assert found.residual < 1e-7


def test_bounds_that_bind_nothing_change_nothing() -> None:
    u, f, made = case(6)
    free = trace_frontier(u, f, made).at_degree(30)
    wide = PoolBound(POOLS[0], 0.5, 1.0)
    same = contributions_within(u, f, made, free, free.coancestry, (wide,))
    assert same is free


def test_a_bound_out_of_reach_is_answered_with_the_least() -> None:
    u, f, made = case(7)
    free = trace_frontier(u, f, made).at_degree(30)
    narrow = PoolBound(POOLS[1], 0.5, 0.1, "flint")
    with pytest.raises(ConfigError, match=r"within flint cannot be reached: the sm"):
        contributions_within(u, f, made, free, free.coancestry, (narrow,))
