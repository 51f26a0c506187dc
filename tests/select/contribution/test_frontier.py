"""`meristem.select.contribution`: golden values, an independent solver, properties."""

import numpy as np
import pytest

from meristem.errors import ConfigError, DataError
from meristem.select.contribution.coancestry import identity_by_state
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme

U = np.array([3.0, 2.0, 1.0])
F = np.array([[0.5, 0.25, 0.0], [0.25, 0.5, 0.0], [0.0, 0.0, 0.5]])
# Worked by hand in the fact sheet on selection, section 4.
GOLDEN = {
    0.22: ((0.386730, 0.245308, 0.367962), 2.018767),
    0.25: ((0.538252, 0.184699, 0.277049), 2.261204),
    0.30: ((0.676945, 0.129222, 0.193833), 2.483111),
    0.375: ((0.821429, 0.071429, 0.107143), 2.714286),
}


def lines(seed: int, n: int, n_variant: int = 150):
    rng = np.random.default_rng(seed)
    share = rng.beta(0.5, 0.5, n_variant)
    calls = (rng.random((n, n_variant)) < share).astype(np.int8) * 2
    return rng.normal(size=n) * 3 + 80, identity_by_state(calls).value


@pytest.mark.parametrize("theta", GOLDEN)
def test_golden_contributions(theta):
    c, gain = GOLDEN[theta]
    found = trace_frontier(U, F, make_programme(3)).at(theta)
    assert found.value == pytest.approx(c, abs=1e-6)
    assert found.gain == pytest.approx(gain, abs=1e-6)
    assert found.coancestry == pytest.approx(theta)
    assert found.residual < 1e-8


def test_golden_least_coancestry():
    frontier = trace_frontier(U, F, make_programme(3))
    assert frontier.complete
    assert frontier.least == pytest.approx(0.214286, abs=1e-6)
    assert frontier.points(2)[1].value == pytest.approx(
        (0.285714, 0.285714, 0.428571), abs=1e-6
    )


def test_golden_two_sexes():
    f = np.array(
        [
            [0.5, 0.125, 0.125, 0],
            [0.125, 0.5, 0, 0],
            [0.125, 0, 0.5, 0.0625],
            [0, 0, 0.0625, 0.5],
        ]
    )
    halves = [(np.array([0, 1]), 0.5), (np.array([2, 3]), 0.5)]
    sexes = make_programme(4, share=halves)
    found = trace_frontier(np.array([3.0, 1.0, 2.0, 0.5]), f, sexes).at(0.2)
    assert found.value == pytest.approx(
        (0.394145, 0.105855, 0.320721, 0.179279), abs=1e-6
    )
    assert found.gain == pytest.approx(2.019373, abs=1e-6)


def limits(n: int):
    """Return a programme with every kind of limit, and the same for cvxpy."""
    rng = np.random.default_rng(n)
    group = [np.arange(0, n // 2), np.arange(n // 2, n)]
    family = rng.permutation(n)[: n // 4]
    low, high = np.zeros(n), np.full(n, 0.15)
    low[3], high[3] = 0.05, 0.05  # fixed
    low[n - 2] = 0.02
    made = make_programme(
        n,
        share=[(group[0], 0.5), (group[1], 0.5)],
        low=low,
        high=high,
        caps=[(family, 0.1)],
    )
    return made, group, family, low, high


def by_cone_program(u, f, theta, n, group, family, low, high, kappa=0.0, w=None):
    cvxpy = pytest.importorskip("cvxpy")
    c = cvxpy.Variable(n)
    root = np.linalg.cholesky(f + 1e-12 * np.eye(n))
    goal = u @ c
    if kappa:
        goal = goal - kappa * cvxpy.norm(np.linalg.cholesky(w).T @ c)
    asked = [c >= low, c <= high, cvxpy.norm(root.T @ c) <= np.sqrt(theta)]
    asked += [cvxpy.sum(c[rows]) == 1 / len(group) for rows in group]
    if family is not None:
        asked.append(cvxpy.sum(c[family]) <= 0.1)
    problem = cvxpy.Problem(cvxpy.Maximize(goal), asked)
    problem.solve(solver=cvxpy.CLARABEL)
    return c.value, problem.value


@pytest.mark.parametrize("n", [12, 35, 60])
def test_a_cone_program_finds_the_same_gain_under_every_limit(n):
    u, f = lines(n, n)
    made, *rest = limits(n)
    frontier = trace_frontier(u, f, made)
    for part in (0.15, 0.5, 0.9):
        theta = frontier.least + part * (frontier.greatest - frontier.least)
        found = frontier.at(theta)
        c, gain = by_cone_program(u, f, theta, n, *rest)
        assert found.residual < 1e-8
        assert found.gain - u.mean() == pytest.approx(gain - u.mean(), rel=1e-5)
        assert found.value == pytest.approx(c, abs=2e-3)
        assert found.coancestry <= theta * (1 + 1e-9)


def test_every_point_of_the_frontier_is_a_solution():
    u, f = lines(7, 150)
    frontier = trace_frontier(u, f, make_programme(150))
    points = frontier.points(15)
    assert max(point.residual for point in points) < 1e-8
    gain = np.array([point.gain for point in points])
    theta = np.array([point.coancestry for point in points])
    assert (np.diff(gain) < 0).all()
    assert (np.diff(theta) < 0).all()
    slope = np.diff(gain) / np.diff(theta)
    assert (np.diff(slope) > 0).all()  # concave
    assert frontier.at_degree(0).gain == pytest.approx(u.max())
    assert frontier.at_degree(90).coancestry == pytest.approx(frontier.least)
    middle = frontier.at_degree(45)
    assert frontier.least < middle.coancestry < frontier.greatest


def test_ties_copies_and_a_singular_coancestry_are_no_trouble():
    u, f = lines(9, 40, n_variant=12)
    twice = np.repeat(np.arange(40), 2)
    u, f = np.round(u)[twice], f[np.ix_(twice, twice)]
    frontier = trace_frontier(u, f, make_programme(80, high=np.full(80, 0.3)))
    for point in frontier.points(9):
        assert point.residual < 1e-8
        assert point.value.sum() == pytest.approx(1)


def test_a_walk_may_end_at_its_bound():
    u, f = lines(11, 90)
    whole = trace_frontier(u, f, make_programme(90))
    theta = whole.least + 0.6 * (whole.greatest - whole.least)
    short = trace_frontier(u, f, make_programme(90), until=theta)
    assert len(short.segments) < len(whole.segments)
    assert not short.complete
    assert short.at(theta).value == pytest.approx(whole.at(theta).value)


def test_a_bound_out_of_reach_is_answered_with_the_reachable_one():
    frontier = trace_frontier(U, F, make_programme(3))
    with pytest.raises(ConfigError, match=r"0\.2142.*Ne|0\.2142.*no inbreeding"):
        frontier.at(0.2)
    held = make_programme(3, low=np.array([0.8, 0, 0]), high=np.ones(3))
    with pytest.raises(ConfigError, match="cannot be reached"):
        trace_frontier(U, F, held).at(0.3)


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="not a number"):
        trace_frontier(np.array([1.0, np.nan, 0.0]), F, make_programme(3))
