"""Golden values: wheat 599 x 4, in the fact sheet `trials.md`, section 1."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from tests.models.test_wheat import WHEAT, wheat_dataset

from meristem.mixed.reml import decompose, estimate
from meristem.mixed.trials.covariance import FactorAnalytic, Unstructured, Weighted
from meristem.mixed.trials.fit import fit_trials
from meristem.mixed.trials.likelihood import AnyRecords, CompleteTable, Records

N, T = 31, 3


def ones(t):
    return Weighted((np.ones((t, t)),))


def compound(t):
    return Weighted((np.ones((t, t)), np.eye(t)))


def common(t):
    return Weighted((np.eye(t),))


def table(seed=3):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((N, 60)) / np.sqrt(60)
    kernel = z @ z.T
    root = np.linalg.cholesky(kernel + 1e-9 * np.eye(N))
    shared = root @ rng.standard_normal((N, 1))
    own = root @ rng.standard_normal((N, T))
    y = [1.0, 5.0, -2.0] + shared + 0.7 * own + 0.6 * rng.standard_normal((N, T))
    return kernel, y


def records_of(y, keep=None, weight=None):
    line, place = np.divmod(np.arange(y.size), y.shape[1])
    keep = np.ones(y.size, bool) if keep is None else keep
    weight = np.ones(y.size) if weight is None else weight
    cells = y.ravel()[keep], weight[keep]
    return Records(line[keep], place[keep], *cells, y.shape[1])


def some_pair(seed=5):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, T, T))
    return a @ a.T, b @ b.T + 0.3 * np.eye(T)


def test_the_separable_likelihood_is_the_dense_one():
    kernel, y = table()
    dense = AnyRecords(records_of(y), kernel)
    fast = CompleteTable(decompose(kernel), y)
    pair = some_pair()
    one, two = dense.at(*pair), fast.at(*pair)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-9)
    assert two.genetic == pytest.approx(one.genetic, abs=1e-8)
    assert two.residual == pytest.approx(one.residual, abs=1e-8)
    for a, b in zip(dense.weights(*pair), fast.weights(*pair), strict=True):
        assert b == pytest.approx(a, abs=1e-8)


def test_likelihood_of_incomplete_weighted_records_is_that_of_plain_algebra():
    kernel, y = table()
    rng = np.random.default_rng(1)
    keep, weight = rng.random(y.size) > 0.3, rng.uniform(0.4, 2, y.size)
    records = records_of(y, keep, weight)
    genetic, residual = some_pair()
    n, x = records.y.size, np.eye(T)[records.place]
    v = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            a, b = records.place[i], records.place[j]
            k, m = records.line[i], records.line[j]
            v[i, j] = genetic[a, b] * kernel[k, m] + residual[a, b] * (k == m)
            if i == j:
                v[i, i] += residual[a, a] * (1 / records.weight[i] - 1)
    inverse = np.linalg.inv(v)
    info = x.T @ inverse @ x
    p = inverse - inverse @ x @ np.linalg.inv(info) @ x.T @ inverse
    value = np.linalg.slogdet(v)[1] + np.linalg.slogdet(info)[1]
    value += records.y @ p @ records.y
    point = AnyRecords(records, kernel).at(genetic, residual)
    assert point.log_likelihood == pytest.approx(-0.5 * value, abs=1e-8)
    dual, _ = AnyRecords(records, kernel).weights(genetic, residual)
    assert dual == pytest.approx(p @ records.y, abs=1e-8)


@pytest.mark.parametrize(
    "structure", [compound(T), Unstructured(T), FactorAnalytic(T, 1)]
)
@pytest.mark.parametrize("whole", [True, False])
def test_gradients_are_those_of_the_likelihood(structure, whole):
    kernel, y = table()
    rng = np.random.default_rng(2)
    keep = np.ones(y.size, bool) if whole else rng.random(y.size) > 0.3
    records = records_of(y, keep, None if whole else rng.uniform(0.4, 2, y.size))
    engine = CompleteTable(decompose(kernel), y)
    likelihood = engine if whole else AnyRecords(records, kernel)
    theta = structure.start(some_pair()[0]) + 0.05
    residual = some_pair()[1]

    def value(at):
        return likelihood.at(structure.matrix(at), residual).log_likelihood

    point = likelihood.at(structure.matrix(theta), residual)
    expected = approx_fprime(theta, value, 1e-6)
    assert structure.chain(theta, point.genetic) == pytest.approx(expected, abs=2e-3)
    free = Unstructured(T)
    theta = free.start(residual)
    genetic = some_pair()[0]
    point = likelihood.at(genetic, free.matrix(theta))

    def other(at):
        return likelihood.at(genetic, free.matrix(at)).log_likelihood

    expected = approx_fprime(theta, other, 1e-6)
    assert free.chain(theta, point.residual) == pytest.approx(expected, abs=2e-3)


def test_as_many_factors_as_environments_are_unstructured():
    kernel, y = table()
    records = records_of(y)
    free = fit_trials(records, kernel, Unstructured(T), common(T), errors=False)
    full = fit_trials(records, kernel, FactorAnalytic(T, 2), common(T), errors=False)
    assert full.log_likelihood == pytest.approx(free.log_likelihood, abs=0.02)


def test_one_environment_is_the_model_of_one_kernel():
    kernel, y = table()
    fit = fit_trials(records_of(y[:, :1]), kernel, ones(1), common(1))
    known = estimate(decompose(kernel), y[:, 0], np.ones((N, 1)))
    assert fit.genetic[0, 0] == pytest.approx(known.genetic, rel=1e-3)
    assert fit.residual[0, 0] == pytest.approx(known.residual, rel=1e-3)


def test_incomplete_records_fit_as_the_dense_search_finds():
    kernel, y = table()
    keep = np.random.default_rng(4).random(y.size) > 0.3
    records = records_of(y, keep)
    fit = fit_trials(records, kernel, compound(T), common(T))
    dense = AnyRecords(records, kernel)
    for factor in (0.9, 1.1):
        near = dense.at(fit.genetic * factor, fit.residual)
        assert near.log_likelihood < fit.log_likelihood + 1e-9
    assert (fit.se > 0).all()


@pytest.fixture(scope="module")
def wheat():
    if not WHEAT.exists():
        pytest.skip("shared data are not here")
    data = wheat_dataset()
    z = data.genotypes.call_dosage.astype(np.float64)
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    return z @ z.T / z.shape[1], data.phenotypes.value


def test_wheat_main_and_interaction_are_the_golden_ones(wheat):
    kernel, y = wheat
    fit = fit_trials(records_of(y), kernel, compound(4), common(4))
    main, own = fit.genetic[0, 1], fit.genetic[0, 0] - fit.genetic[0, 1]
    found = main, own, fit.residual[0, 0]
    assert found == pytest.approx((0.235627, 0.344299, 0.548300), abs=2e-5)
    assert fit.log_likelihood == pytest.approx(-964.159293, abs=1e-4)
    alone = fit_trials(records_of(y), kernel, ones(4), common(4), errors=False)
    assert alone.genetic[0, 0] == pytest.approx(0.190908, abs=2e-5)
    assert alone.residual[0, 0] == pytest.approx(0.823837, abs=2e-5)
    assert alone.log_likelihood == pytest.approx(-1093.550082, abs=1e-4)


def test_wheat_unstructured_is_the_golden_one(wheat):
    kernel, y = wheat
    fit = fit_trials(records_of(y), kernel, Unstructured(4), Unstructured(4))
    assert fit.log_likelihood == pytest.approx(-771.787960, abs=1e-4)
    upper = np.triu_indices(4, 1)
    for matrix, correlation, diagonal in (
        (
            fit.genetic,
            (-0.246, -0.217, -0.478, 0.959, 0.563, 0.745),
            (0.5545, 0.4872, 0.3708, 0.4492),
        ),
        (
            fit.residual,
            (0.153, -0.200, 0.123, 0.478, 0.275, 0.164),
            (0.5258, 0.5686, 0.6599, 0.5988),
        ),
    ):
        sd = np.sqrt(np.diag(matrix))
        r = (matrix / np.multiply.outer(sd, sd))[upper]
        assert r == pytest.approx(correlation, abs=2e-3)
        assert np.diag(matrix) == pytest.approx(diagonal, abs=1e-3)


def test_errors_are_those_of_the_curvature_in_the_covariances_themselves():
    kernel, y = table()
    y = y[:, :2]
    records = records_of(y)
    fit = fit_trials(records, kernel, Unstructured(2), Unstructured(2))
    dense, cells = AnyRecords(records, kernel), np.tril_indices(2)

    def pair(natural):
        found = np.zeros((2, 2, 2))
        found[:, *cells] = natural.reshape(2, 3)
        return found + np.tril(found, -1).transpose(0, 2, 1)

    def loss(natural):
        return -dense.at(*pair(natural)).log_likelihood

    at = np.concatenate([fit.genetic[cells], fit.residual[cells]])
    step = 1e-3 * np.eye(6)
    curve = np.array(
        [
            [loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)]
            for a in step
            for b in step
        ]
    ).reshape(6, 6) / (4 * 1e-6)
    covariance = np.linalg.inv(curve)
    for k, matrix in enumerate((fit.genetic, fit.residual)):
        own = covariance[3 * k : 3 * k + 3, 3 * k : 3 * k + 3]
        variance = np.diag(fit.error[k])
        assert variance == pytest.approx(np.sqrt(np.diag(own)[[0, 2]]), rel=0.02)
        r = matrix[1, 0] / np.sqrt(matrix[0, 0] * matrix[1, 1])
        slope = [-r / 2 / matrix[0, 0], r / matrix[1, 0], -r / 2 / matrix[1, 1]]
        expected = np.sqrt(slope @ own @ slope)
        assert fit.error[k][1, 0] == pytest.approx(expected, rel=0.02)


def test_a_parameter_at_its_bound_has_no_error():
    kernel, y = table()
    fit = fit_trials(records_of(y), kernel, ones(T), common(T))
    flat = fit_trials(records_of(y - y), kernel, ones(T), common(T))
    assert np.isfinite(fit.error[0]).sum() == T  # correlations are 1
    assert np.isnan(flat.error[0]).all()
