import numpy as np
import pandas as pd
import pytest
from tests.models.test_wheat import WHEAT, wheat_dataset

from meristem.mixed.reml import decompose, estimate, fixed_effect, precision
from meristem.mixed.several import (
    KernelREML,
    estimate_multi,
    fixed_effect_multi,
    precision_multi,
)
from meristem.mixed.targets import Target

N = 70


def kernel_of(rng, width):
    z = rng.normal(size=(N, width)) / np.sqrt(width)
    return z @ z.T


@pytest.fixture
def problem():
    rng = np.random.default_rng(11)
    kernels = [kernel_of(rng, width) for width in (150, 9, 14)]
    x = np.column_stack([np.ones(N), rng.normal(size=N)])
    weight = rng.uniform(0.5, 2, size=N)
    v = 0.7 * kernels[0] + 1.5 * kernels[1] + 0.3 * np.diag(1 / weight)
    y = x @ [1.0, 0.5] + np.linalg.cholesky(v) @ rng.normal(size=N)
    return kernels, x, weight, y


def multiplicative_twin(kernels, y, x, weight, rounds):
    parts = [*kernels, np.diag(1 / weight)]
    s = np.full(len(parts), 0.3)
    for _ in range(rounds):
        v = sum(share * part for share, part in zip(s, parts, strict=True))
        inverse = np.linalg.inv(v)
        p = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
        py = p @ y
        s = s * [np.sqrt(py @ part @ py / np.sum(p * part)) for part in parts]
    log_det = np.linalg.slogdet(v)[1] + np.linalg.slogdet(x.T @ inverse @ x)[1]
    return s, -0.5 * (log_det + y @ py)


def test_one_kernel_gives_the_single_kernel_answer(problem):
    kernels, x, weight, y = problem
    single = estimate(decompose(kernels[0], weight), y, x)
    multi = estimate_multi(kernels[:1], y, x, weight=weight)
    assert multi.converged
    assert multi.genetic[0] == pytest.approx(single.genetic, rel=1e-3)
    assert multi.residual == pytest.approx(single.residual, rel=1e-3)


def test_agrees_with_many_multiplicative_rounds(problem):
    kernels, x, weight, y = problem
    fit = estimate_multi(kernels, y, x, weight=weight)
    slow, log_likelihood = multiplicative_twin(kernels, y, x, weight, 1500)
    assert fit.rounds < 40
    assert fit.log_likelihood >= log_likelihood - 1e-5
    assert np.append(fit.genetic, fit.residual) == pytest.approx(slow, abs=5e-3)


def test_no_component_is_negative_and_a_useless_kernel_gets_zero():
    rng = np.random.default_rng(3)
    useful, useless = kernel_of(rng, 8), kernel_of(rng, 30)
    x = np.ones((N, 1))
    # phenotype drawn away from the useless kernel's leading directions
    away = np.linalg.eigh(useless)[1][:, :35]
    y = np.linalg.cholesky(useful + 1e-9 * np.eye(N)) @ rng.normal(size=N)
    y = away @ (away.T @ (y + 0.3 * rng.normal(size=N)))
    fit = estimate_multi([useful, useless], y, x)
    assert (fit.genetic >= 0).all()
    assert fit.genetic[1] == 0
    assert fit.genetic[0] > 0


def test_identical_kernels_share_one_component(problem):
    kernels, x, _, y = problem
    once = estimate_multi(kernels[:1], y, x)
    twice = estimate_multi([kernels[0], kernels[0]], y, x)
    assert twice.genetic.sum() == pytest.approx(once.genetic[0], rel=1e-2)


def test_precision_equals_that_of_the_eigendecomposition(problem):
    kernels, x, weight, y = problem
    components = estimate(decompose(kernels[0], weight), y, x)
    one = precision(decompose(kernels[0], weight), x, components)
    two = precision_multi(
        kernels[:1], x, np.array([components.genetic]), components.residual, weight
    )
    assert two.apply(y) == pytest.approx(one.apply(y), abs=1e-8)
    assert two.quadratic(kernels[1]) == pytest.approx(
        one.quadratic(kernels[1]), abs=1e-8
    )
    assert fixed_effect_multi(two, y, x) == pytest.approx(
        fixed_effect(decompose(kernels[0], weight), y, x, components), abs=1e-8
    )


def test_the_scale_of_y_scales_the_components(problem):
    kernels, x, _, y = problem
    one = estimate_multi(kernels, y, x)
    ten = estimate_multi(kernels, 10 * y, x)
    assert ten.genetic == pytest.approx(100 * one.genetic, rel=1e-6, abs=1e-9)


def test_an_empty_kernel_changes_nothing(problem):
    kernels, x, weight, y = problem
    alone = estimate_multi(kernels[:2], y, x, weight=weight)
    beside = estimate_multi([*kernels[:2], np.zeros((N, N))], y, x, weight=weight)
    assert beside.genetic[:2] == pytest.approx(alone.genetic, rel=1e-4)
    assert beside.residual == pytest.approx(alone.residual, rel=1e-4)
    assert beside.genetic[2] == 0


def test_the_scale_of_a_kernel_only_scales_its_component(problem):
    kernels, x, weight, y = problem
    plain = estimate_multi(kernels, y, x, weight=weight)
    scaled = estimate_multi(
        [1e4 * kernels[0], kernels[1], 1e-4 * kernels[2]], y, x, weight=weight
    )
    factor = np.array([1e4, 1, 1e-4])
    assert scaled.genetic * factor == pytest.approx(plain.genetic, rel=1e-3, abs=1e-6)


def test_what_values_have_lost_is_projected_out(problem):
    """As where there is one kernel: REML counts the effects, twice told or not."""
    kernels, x, weight, y = problem
    away = y - x[:, 1] * 0.5
    twice = np.column_stack([x[:, 1], 2 * x[:, 1] + 1])
    found = KernelREML((kernels[1],)).fit(Target(0, np.arange(N), away, weight, twice))
    split = decompose(kernels[1], weight)
    one = estimate(split, away, x)
    assert found.genetic[0] == pytest.approx(one.genetic, rel=1e-3)
    dual = precision(split, x, one).apply(away)
    assert found.dual == pytest.approx(dual, rel=0.01, abs=0.01)


def test_the_model_of_a_target_reads_its_rows_and_predicts_by_its_duals(problem):
    kernels, _, weight, y = problem
    rows = np.arange(3, N, 2)
    target = Target(0, rows, y[rows], weight[rows])
    fit = KernelREML(tuple(kernels)).fit(target)
    v = fit.residual * np.diag(1 / target.weight)
    for share, kernel in zip(fit.genetic, kernels, strict=True):
        v += share * kernel[np.ix_(rows, rows)]
    inverse = np.linalg.inv(v)
    mean = inverse.sum(axis=0) @ target.y / inverse.sum()
    assert fit.intercept == pytest.approx(mean)
    assert fit.dual == pytest.approx(inverse @ (target.y - mean))
    found = estimate_multi(
        [kernel[np.ix_(rows, rows)] for kernel in kernels],
        target.y,
        np.ones((rows.size, 1)),
        weight=target.weight,
    )
    assert fit.residual == found.residual
    assert fit.genetic[1:].tolist() == found.genetic[1:].tolist()


@pytest.mark.skipif(not WHEAT.exists(), reason="shared data are not here")
def test_wheat_with_pedigree_has_the_golden_components():
    """Fact sheet `trials.md`, section 1: pysommer and a dense maximum agree."""
    data = wheat_dataset()
    z = data.genotypes.call_dosage.astype(np.float64)
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    table = pd.read_csv(WHEAT / "pedigree_A.csv.gz", index_col=0)
    names = data.sample_id.astype(table.index.dtype)
    pedigree = table.loc[names].to_numpy()
    y = data.phenotypes.value[:, 0]
    kernels = [z @ z.T / z.shape[1], pedigree]
    fit = estimate_multi(kernels, y, np.ones((y.size, 1)))
    found = (*fit.genetic, fit.residual)
    assert found == pytest.approx((0.447076, 0.102283, 0.433788), abs=2e-4)
    assert fit.log_likelihood == pytest.approx(-228.778504, abs=1e-4)


def test_values_that_are_all_alike_have_no_variance():
    kernel = np.eye(9) + 0.5
    y = np.full(9, 3.0)
    found = estimate_multi([kernel, np.eye(9)], y, np.ones((9, 1)))
    assert found.genetic.tolist() == [0.0, 0.0]
    assert 0 < found.residual < 1e-3
    fit = KernelREML((kernel,)).fit(Target(0, np.arange(9), y, np.ones(9)))
    assert fit.intercept == pytest.approx(3.0)
