"""Squares of uses taken exactly: a valid diagonal, and the plan of a full search."""

from itertools import combinations

import numpy as np
import scipy.sparse

from meristem.select.mating.squares import Program, separable_part, solve


def test_the_diagonal_leaves_the_rest_positive_where_sums_are_fixed() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (14, 60)) * 2.0 - 1
    x[5] = x[2]  # a line and its copy
    f = (x @ x.T / 60 + 1) / 2
    diagonal = separable_part(f)
    assert diagonal.mean() > 0.1
    assert diagonal[2] + diagonal[5] < 1e-3
    step = rng.normal(size=(200, 14))
    step -= step.mean(axis=1, keepdims=True)
    rest = f - np.diag(diagonal)
    assert (np.einsum("ij,jk,ik->i", step, rest, step) > -1e-9).all()


def test_the_diagonal_of_many_relatives_is_finite_and_valid() -> None:
    rng = np.random.default_rng(3)
    parents = rng.integers(0, 2, (20, 900))
    mix = rng.integers(0, 2, (400, 900)).astype(bool)
    pair = rng.integers(0, 20, (400, 2))
    x = np.where(mix, parents[pair[:, 0]], parents[pair[:, 1]]) * 2.0 - 1
    f = (x @ x.T / 900 + 1) / 2
    diagonal = separable_part(f)
    assert np.isfinite(diagonal).all()
    assert diagonal.mean() > 0.02
    step = rng.normal(size=(50, 400))
    step -= step.mean(axis=1, keepdims=True)
    rest = f - np.diag(diagonal)
    assert (np.einsum("ij,jk,ik->i", step, rest, step) > -1e-6).all()


def test_touching_again_ends_at_the_best_plan_of_all() -> None:
    rng = np.random.default_rng(2)
    n, n_cross, most_uses = 7, 3, 2
    x = rng.integers(0, 2, (n, 40)) * 2.0 - 1
    f = (x @ x.T / 40 + 1) / 2
    pairs = np.array(list(combinations(range(n), 2)))
    worth = rng.normal(size=len(pairs)) + 3
    uses = np.zeros((n, len(pairs)))
    for column, pair in enumerate(pairs):
        uses[list(pair), column] = 1
    bound = float(np.quantile(f, 0.25)) * 0.75 + 0.25
    best = -np.inf
    for plan in combinations(range(len(pairs)), n_cross):
        c = uses[:, list(plan)].sum(axis=1)
        if c.max() <= most_uses and c @ f @ c / 36 <= bound:
            best = max(best, worth[list(plan)].sum())
    program = Program(
        worth,
        scipy.sparse.csr_array(uses),
        scipy.sparse.csr_array(uses),
        np.full(n, float(most_uses)),
        np.zeros(len(pairs)),
        n_cross,
    )
    touched = [np.full(n, 1 / n)]
    for _ in range(60):
        plan, proven, empty = solve(program, f, touched, bound, close=0.0, seconds=9.0)
        assert not empty
        assert plan is not None
        assert proven >= best - 1e-6
        c = uses[:, plan].sum(axis=1) / (2 * n_cross)
        if c @ f @ c <= bound * (1 + 1e-9):
            break
        touched.append(c)
    np.testing.assert_allclose(worth[plan].sum(), best)
