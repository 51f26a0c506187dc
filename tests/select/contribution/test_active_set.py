"""`meristem.select.contribution.active_set`: the point of one mu, by another solver."""

import numpy as np
import pytest
import scipy.optimize

from meristem.errors import DataError
from meristem.select.contribution.active_set import FREE, ActiveSet
from meristem.select.contribution.programme import greatest_gain, make_programme

N = 11


def problem(seed: int):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(N, N + 3))
    q = root @ root.T / N
    made = make_programme(
        N, high=np.full(N, 0.4), caps=[(np.arange(4), 0.5), (np.arange(3, 8), 0.6)]
    )
    return q, rng.normal(size=N), made


@pytest.mark.parametrize("mu", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_general_solver_finds_no_better_point(mu: float, seed: int) -> None:
    q, p, made = problem(seed)
    state = ActiveSet(q.__getitem__, np.diag(q), p, made, greatest_gain(made, p))
    state.solve(mu)
    c = state.x[:N]
    found = scipy.optimize.minimize(
        lambda x: x @ q @ x / 2 - mu * p @ x,
        np.full(N, 1 / N),
        jac=lambda x: q @ x - mu * p,
        bounds=[(0, 0.4)] * N,
        constraints=[
            {"type": "eq", "fun": lambda x: x.sum() - 1},
            {"type": "ineq", "fun": lambda x: 0.5 - x[:4].sum()},
            {"type": "ineq", "fun": lambda x: 0.6 - x[3:8].sum()},
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert c @ q @ c / 2 - mu * p @ c <= found.fun + 1e-8
    assert made.rows @ state.x == pytest.approx(made.level)
    assert c.min() >= -1e-12
    assert c.max() <= 0.4 + 1e-12


def test_the_inverse_follows_what_is_released_and_held() -> None:
    q, p, made = problem(4)
    state = ActiveSet(q.__getitem__, np.diag(q), p, made, greatest_gain(made, p))
    for j in np.flatnonzero(state.at[:N] != FREE)[:4].tolist():
        state.release(j)
    state.hold(1, 0)
    block = state._block()
    assert state.inverse @ block == pytest.approx(np.eye(len(state.free)), abs=1e-6)


def test_a_matrix_that_is_no_coancestry_is_refused() -> None:
    wrong, made = np.array([[1.0, 2.0], [2.0, 1.0]]), make_programme(2)
    state = ActiveSet(
        wrong.__getitem__, np.ones(2), np.zeros(2), made, np.array([1.0, 0.0])
    )
    with pytest.raises(DataError, match="no coancestry"):
        state.release(1)
