"""Conjugate gradients and stochastic traces beside dense algebra."""

import numpy as np
import pytest

from meristem.mixed.trials.covariance import Weighted
from meristem.mixed.trials.crossed import (
    Crossed,
    LeadingAxes,
    low_rank,
    solve_projected,
)
from meristem.mixed.trials.fit import fit_trials
from meristem.mixed.trials.likelihood import AnyRecords, Records
from meristem.mixed.trials.sparse import fit_sparse

N, T = 220, 5


def problem(seed=1, n=N):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 150)) * rng.uniform(0.3, 2, 150)
    kernel = z @ z.T
    kernel *= n / np.trace(kernel)
    root = np.linalg.cholesky(kernel + 1e-8 * np.eye(n))
    main, own = root @ rng.standard_normal((n, 1)), root @ rng.standard_normal((n, T))
    y = np.arange(T) + main + 0.8 * own + rng.standard_normal((n, T))
    line, place = np.nonzero(rng.random((n, T)) < 0.6)
    weight = rng.uniform(0.5, 2, line.size)
    return Records(line, place, y[line, place], weight, T), kernel


def parts():
    return (np.ones((T, T)), np.eye(T))


def test_products_are_those_of_the_covariance():
    records, kernel = problem(n=40)
    crossed = Crossed(records, kernel.astype(np.float32))
    genetic = 0.7 * parts()[0] + 0.4 * parts()[1]
    dense = AnyRecords(records, kernel).covariance(genetic, 0.5 * np.eye(T))
    columns = np.random.default_rng(2).standard_normal((records.y.size, 3))
    found = crossed.apply(columns, genetic, 0.5)
    assert found == pytest.approx(dense @ columns, abs=1e-4)
    helper = low_rank(crossed, genetic, 0.5)
    full = helper.right(helper.left(columns)) + helper.noise[:, None] * columns
    assert helper.solve(full) == pytest.approx(columns, abs=1e-8)
    # all axes of a small kernel: the preconditioner is the covariance itself
    assert full == pytest.approx(dense @ columns, abs=1e-3)


def test_solutions_are_those_of_the_projection():
    records, kernel = problem()
    crossed = Crossed(records, kernel.astype(np.float32))
    genetic, noise = 0.7 * parts()[0] + 0.4 * parts()[1], 0.5
    helper = low_rank(crossed, genetic, noise)
    columns = np.random.default_rng(3).standard_normal((records.y.size, 2))
    found = solve_projected(crossed, columns, genetic, noise, helper, tolerance=1e-7)
    p = AnyRecords(records, kernel).projection(genetic, noise * np.eye(T))
    assert found == pytest.approx(p @ columns, abs=1e-4)


def test_components_are_those_of_the_dense_fit():
    records, kernel = problem()
    own = Weighted(parts()), Weighted((np.eye(T),))
    dense = fit_trials(records, kernel, *own)
    found = fit_sparse(records, kernel, parts(), np.random.default_rng(1), probes=40)
    assert found.converged
    main = dense.genetic[0, 1]
    expected = np.array([main, dense.genetic[0, 0] - main, dense.residual[0, 0]])
    got = np.append(found.variance, found.noise)
    assert got == pytest.approx(expected, abs=0.03 * expected.sum())
    assert found.se == pytest.approx(
        np.append(expected[:2] * dense.se[:2], expected[2] * dense.se[2]), rel=0.3
    )
    assert np.corrcoef(found.dual, dense.dual)[0, 1] > 0.999
    assert found.mean == pytest.approx(dense.mean, abs=0.1)


def test_explained_variance_is_that_of_the_projection_but_for_the_means():
    records, kernel = problem(n=40)
    crossed = Crossed(records, kernel.astype(np.float32))
    genetic, noise = 0.7 * parts()[0] + 0.4 * parts()[1], 0.5
    helper = low_rank(crossed, genetic, noise)
    cells = np.arange(40), np.arange(40) % T
    engine = LeadingAxes(records, kernel)
    side = genetic[cells[1]]
    whole = engine.explained(genetic, noise * np.eye(T), kernel[cells[0]], side)
    found = np.diag(whole)
    plain = helper.explained(helper.axes[cells[0]], helper.root[cells[1]])
    assert np.diag(plain) == pytest.approx(found, abs=1e-3)
    v = AnyRecords(records, kernel).covariance(genetic, noise * np.eye(T))
    cross = genetic[np.ix_(cells[1], records.place)]
    cross = cross * kernel[np.ix_(cells[0], records.line)]
    expected = np.einsum("ij,ij->i", cross, np.linalg.solve(v, cross.T).T)
    assert found == pytest.approx(expected, abs=2e-3)
