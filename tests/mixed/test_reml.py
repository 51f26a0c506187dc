import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from tests.models.test_wheat import WHEAT, wheat_dataset

from meristem.mixed import reml

N, N_NEW, P = 47, 11, 130


@pytest.fixture
def problem():
    rng = np.random.default_rng(8)
    z = rng.normal(size=(N + N_NEW, P)) / np.sqrt(P)
    kernel = z @ z.T + 0.05 * np.eye(N + N_NEW)
    x = np.column_stack([np.ones(N), rng.normal(size=N)])
    weight = rng.uniform(0.3, 3, size=N)
    g = np.linalg.cholesky(kernel) @ rng.normal(size=N + N_NEW)
    y = x @ [2.0, -1.0] + 1.4 * g[:N] + rng.normal(size=N) / np.sqrt(weight)
    return kernel, x, weight, y


def dense_reml(kernel, weight, x, y, h2):
    """Return -log REML by plain dense algebra, the total variance profiled out."""
    v = h2 * kernel + (1 - h2) * np.diag(1 / weight)
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    p = inverse - inverse @ x @ np.linalg.inv(information) @ x.T @ inverse
    free = y.size - x.shape[1]
    sigma = y @ p @ y / free
    log_det = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return 0.5 * (free * np.log(sigma) + log_det), sigma


def test_estimate_maximises_the_dense_likelihood(problem):
    kernel, x, weight, y = problem
    train = kernel[:N, :N]
    fit = reml.estimate(reml.decompose(train, weight), y, x)
    best = minimize_scalar(
        lambda h2: dense_reml(train, weight, x, y, h2)[0],
        bounds=(1e-4, 1 - 1e-4),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert 0.05 < best.x < 0.95
    assert fit.h2 == pytest.approx(best.x, abs=1e-5)
    sigma = dense_reml(train, weight, x, y, fit.h2)[1]
    assert fit.genetic + fit.residual == pytest.approx(sigma, rel=1e-8)


def test_likelihood_differences_equal_the_dense_ones(problem):
    kernel, x, weight, y = problem
    decomposition = reml.decompose(kernel[:N, :N], weight)
    got = [
        reml.components_at(decomposition, y, x, h2).log_likelihood for h2 in (0.2, 0.7)
    ]
    want = [-dense_reml(kernel[:N, :N], weight, x, y, h2)[0] for h2 in (0.2, 0.7)]
    assert got[0] - got[1] == pytest.approx(want[0] - want[1], rel=1e-8)


def test_agrees_with_the_mixed_model_equations(problem):
    kernel, x, weight, y = problem
    components = reml.Components(1.7, 0.9, 1.7 / 2.6, 0.0)
    decomposition = reml.decompose(kernel[:N, :N], weight)
    fitted = reml.precision(decomposition, x, components)
    genetic = components.genetic * kernel[:, :N] @ fitted.apply(y)
    # Henderson's equations over all individuals, those without records too
    z = np.eye(N + N_NEW)[:N]
    r_inverse = np.diag(weight) / components.residual
    coefficients = np.block(
        [
            [x.T @ r_inverse @ x, x.T @ r_inverse @ z],
            [
                z.T @ r_inverse @ x,
                z.T @ r_inverse @ z + np.linalg.inv(kernel) / components.genetic,
            ],
        ]
    )
    right = np.concatenate([x.T @ r_inverse @ y, z.T @ r_inverse @ y])
    solution = np.linalg.solve(coefficients, right)
    assert reml.fixed_effect(decomposition, y, x, components) == pytest.approx(
        solution[:2], abs=1e-6
    )
    assert genetic == pytest.approx(solution[2:], abs=1e-6)
    explained = components.genetic**2 * fitted.quadratic(kernel[:N])
    pev = components.genetic * np.diag(kernel) - explained
    expected = np.diag(np.linalg.inv(coefficients))[2:]
    assert pev == pytest.approx(expected, abs=1e-6)


def test_leave_one_out_equals_refitting_without_each_row(problem):
    kernel, x, weight, y = problem
    train = kernel[:N, :N]
    candidates = np.array([0.1, 0.6])
    got = reml.leave_one_out(reml.decompose(train, weight), y, x, candidates)
    for row, h2 in enumerate(candidates):
        for left in range(0, N, 7):
            keep = np.delete(np.arange(N), left)
            part = reml.decompose(train[np.ix_(keep, keep)], weight[keep])
            components = reml.Components(h2, 1 - h2, h2, 0.0)
            beta = reml.fixed_effect(part, y[keep], x[keep], components)
            dual = reml.precision(part, x[keep], components).apply(y[keep])
            predicted = x[left] @ beta + h2 * train[left, keep] @ dual
            assert got[row, left] == pytest.approx(y[left] - predicted, abs=1e-9)


def test_precision_is_the_projection_matrix(problem):
    kernel, x, weight, _ = problem
    components = reml.Components(0.8, 0.4, 2 / 3, 0.0)
    v = 0.8 * kernel[:N, :N] + 0.4 * np.diag(1 / weight)
    inverse = np.linalg.inv(v)
    expected = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ (
        x.T @ inverse
    )
    fitted = reml.precision(reml.decompose(kernel[:N, :N], weight), x, components)
    columns = np.random.default_rng(0).normal(size=(N, 5))
    assert fitted.apply(columns) == pytest.approx(expected @ columns, abs=1e-9)
    assert fitted.quadratic(columns) == pytest.approx(
        np.diag(columns.T @ expected @ columns), abs=1e-9
    )


def test_pure_noise_and_no_noise_end_at_the_borders():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(60, 200)) / np.sqrt(200)
    kernel = z @ z.T
    x = np.ones((60, 1))
    y = kernel @ rng.normal(size=60)
    assert reml.estimate(reml.decompose(kernel), y, x).h2 > 0.99
    against = np.linalg.eigh(kernel)[1][:, 0]  # along the smallest eigenvalue
    assert reml.estimate(reml.decompose(kernel), against, x).h2 == reml.H2_MIN


def test_constant_phenotype_gives_no_variance():
    kernel = np.eye(9) + 0.2
    fit = reml.estimate(reml.decompose(kernel), np.full(9, 3.0), np.ones((9, 1)))
    assert fit.genetic == pytest.approx(0, abs=1e-12)
    assert fit.residual == pytest.approx(0, abs=1e-12)


@pytest.mark.skipif(not WHEAT.exists(), reason="shared data are not here")
def test_wheat_environments_have_the_golden_components():
    """Fact sheet `trials.md`, section 1: rrBLUP 4.6.3, pysommer and scipy agree."""
    data = wheat_dataset()
    z = data.genotypes.call_dosage.astype(np.float64)
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    split = reml.decompose(z @ z.T / z.shape[1])
    ones = np.ones((z.shape[0], 1))
    golden = (
        (0.529639, 0.531997),
        (0.467882, 0.574430),
        (0.454792, 0.620481),
        (0.450079, 0.596836),
    )
    for column, pair in enumerate(golden):
        fit = reml.estimate(split, data.phenotypes.value[:, column], ones)
        assert (fit.genetic, fit.residual) == pytest.approx(pair, abs=5e-6)
        if column == 0:
            assert fit.h2 == pytest.approx(0.4989, abs=5e-5)
            # with -(N - p) / 2 log 2 pi, as pysommer prints it; the profile likelihood
            # leaves out sums of logarithms that cancel in none
            free = z.shape[0] - 1
            full = fit.log_likelihood - 0.5 * free * np.log(2 * np.pi)
            assert full == pytest.approx(-785.016544, abs=1e-3)
