import numpy as np
import pytest
import scipy.optimize
from scipy.linalg import block_diag

from meristem.mixed.blup import fit_kernel_blup, restore_kernel_blup
from meristem.mixed.correlated import fit_correlated, nugget_errors
from meristem.mixed.noise import Noise
from meristem.mixed.several import (
    KernelREML,
    estimate_multi,
    fixed_effect_multi,
    precision_multi,
    several_errors,
)
from meristem.mixed.targets import Target


def drawn(seed, n=41, *, known, extra=True):
    """Return a kernel, and a target with blocks of errors and a fixed effect."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 60)) / np.sqrt(60)
    kernel = z @ z.T
    parts = np.split(rng.normal(size=(n, 9)), [5, 17, 20, 33])
    blocks = [b @ b.T / 9 + 0.1 * np.eye(len(b)) for b in parts]
    error = block_diag(*blocks)
    nugget = rng.choice([0.0, 0.4]) if known else 0.0
    size = 1.0 if known else rng.uniform(0.3, 3)
    v = rng.uniform(0, 2) * kernel + size * error + nugget * np.eye(n)
    fixed = rng.normal(size=(n, 1)) if extra else None
    y = 3 + np.linalg.cholesky(v) @ rng.normal(size=n)
    rows = np.arange(n)
    return kernel, Target(0, rows, y, np.ones(n), fixed, error, known)


def dense(kernel, target, genetic, residual):
    """Return -log restricted likelihood, P, and the effects, by full matrices."""
    error, n = target.error, target.y.size
    v = genetic * kernel
    v = v + (error + residual * np.eye(n) if target.known_scale else residual * error)
    inverse, x = np.linalg.inv(v), target.design
    information = x.T @ inverse @ x
    p = inverse - inverse @ x @ np.linalg.inv(information) @ x.T @ inverse
    log_det = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    effect = np.linalg.solve(information, x.T @ inverse @ target.y)
    return 0.5 * (log_det + target.y @ p @ target.y), p, effect


def dense_maximum(kernel, target):
    found = [
        scipy.optimize.minimize(
            lambda p: dense(kernel, target, *p)[0],
            start,
            bounds=[(0, None), (0 if target.known_scale else 1e-3, None)],
            method="L-BFGS-B",
            options={"ftol": 1e-14, "gtol": 1e-9},
        )
        for start in ([0.5, 0.5], [0.05, 1.5])
    ]
    return min(found, key=lambda one: one.fun)


@pytest.mark.parametrize("known", [True, False])
def test_reml_is_the_dense_maximum(known):
    """25 random problems each, some of them at a bound."""
    bound = 0
    for seed in range(25):
        kernel, target = drawn(seed, known=known)
        best = dense_maximum(kernel, target)
        several = estimate_multi([kernel], target.y, target.design, weight=target.noise)
        unit = 1.0 if known else np.mean(1 / np.diag(target.error))
        found = [several.genetic[0], several.residual * unit]
        bound += int(min(best.x) < 1e-6)
        assert dense(kernel, target, *found)[0] == pytest.approx(best.fun, abs=1e-8)
        assert found == pytest.approx(best.x, abs=1e-3)
        one = fit_correlated(kernel, target).components
        # a component at 0 is floored, so that lines are ranked
        assert one.genetic == pytest.approx(found[0], abs=5e-3, rel=1e-4)
    assert bound >= 2


@pytest.mark.parametrize("known", [True, False])
def test_predictions_and_their_errors_are_those_of_full_matrices(known):
    kernel, target = drawn(4, known=known)
    solved = fit_kernel_blup(kernel.copy(), [target])
    genetic = float(solved.genetic[0])
    residual = float(solved.residual[0])
    if known:
        residual = estimate_multi(
            [kernel], target.y, target.design, weight=target.noise
        ).residual
    else:
        residual *= np.mean(1 / np.diag(target.error))
    _, p, effect = dense(kernel, target, genetic, residual)
    rng = np.random.default_rng(5)
    cross, diagonal = 0.3 * rng.normal(size=(7, target.y.size)), np.full(7, 4.0)
    assert solved.intercept[0] == pytest.approx(effect[0], abs=1e-8)
    expected = effect[0] + genetic * cross @ p @ target.y
    assert np.allclose(solved.predict(cross)[:, 0], expected, atol=1e-8)
    explained = genetic**2 * np.einsum("ij,jk,ik->i", cross, p, cross)
    variance = solved.error_variance(cross, diagonal)[:, 0]
    assert np.allclose(variance, genetic * diagonal - explained, atol=1e-8)
    again = restore_kernel_blup(solved.arrays())
    averaged = solved.averaged_variance(cross, diagonal)
    assert np.allclose(again.averaged_variance(cross, diagonal), averaged)


def everything(solved, cross):
    diagonal = np.full(len(cross), 3.0)
    return np.concatenate(
        [
            solved.genetic,
            solved.residual,
            solved.noise,
            solved.component_se.ravel(),
            solved.predict(cross).ravel(),
            solved.error_variance(cross, diagonal).ravel(),
            solved.averaged_variance(cross, diagonal).ravel(),
        ]
    )


def test_a_diagonal_up_to_a_factor_is_weights_and_an_equal_one_is_nothing():
    kernel, target = drawn(4, known=False)
    rng = np.random.default_rng(1)
    variance = rng.uniform(0.5, 4, target.y.size)
    weight = 1 / variance / np.mean(1 / variance)
    cross = 0.3 * rng.normal(size=(6, target.y.size))

    def fit(weight, error):
        own = Target(0, target.rows, target.y, weight, target.fixed, error)
        return everything(fit_kernel_blup(kernel.copy(), [own]), cross)

    ones = np.ones(target.y.size)
    assert np.allclose(fit(weight, np.diag(variance)), fit(weight, None), rtol=1e-8)
    assert np.allclose(fit(ones, 2.7 * np.eye(ones.size)), fit(ones, None), rtol=1e-8)
    # what all rows share is of the intercept
    shared = 2.7 * np.eye(ones.size) + 1.1
    several = KernelREML((kernel,))
    same = [
        several.fit(Target(0, target.rows, target.y, ones, None, error)).genetic[0]
        for error in (shared, None)
    ]
    assert same[0] == pytest.approx(same[1], rel=1e-3)


def test_equal_known_errors_are_a_part_of_the_residual():
    kernel, target = drawn(9, known=True)
    ones = np.ones(target.y.size)
    own = [
        Target(0, target.rows, target.y, ones, target.fixed, error, error is not None)
        for error in (None, 0.05 * np.eye(ones.size))
    ]
    cross = 0.3 * np.random.default_rng(1).normal(size=(6, ones.size))
    plain, known = (fit_kernel_blup(kernel.copy(), [one]) for one in own)
    assert known.genetic == pytest.approx(plain.genetic, rel=2e-3)
    assert known.residual == pytest.approx(plain.residual, rel=2e-3)
    assert np.allclose(known.predict(cross), plain.predict(cross), atol=2e-3)
    assert known.component_se == pytest.approx(plain.component_se, rel=5e-3)


def test_standard_errors_are_those_of_several_kernels():
    kernel, target = drawn(3, known=True)
    fit = fit_correlated(kernel, target)
    genetic = fit.components.genetic
    residual = estimate_multi(
        [kernel], target.y, target.design, weight=target.noise
    ).residual
    dense_p = precision_multi(
        [kernel], target.design, np.array([genetic]), residual, target.noise
    )
    expected = several_errors([kernel], target.noise, dense_p)
    found = nugget_errors(fit.split, target.design, fit.components)
    assert found[:2] == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(fit.error.component_se[0], found)


def test_two_stages_with_the_full_covariance_are_one_stage():
    """Plots of lines in random incomplete blocks, at known components."""
    rng = np.random.default_rng(2)
    n, n_block, n_plot = 23, 9, 61
    line = np.concatenate([np.arange(n), rng.integers(0, n, n_plot - n)])
    block = rng.integers(0, n_block, n_plot)
    z, b = np.eye(n)[line], np.eye(n_block)[block]
    markers = rng.normal(size=(n, 40)) / np.sqrt(40)
    kernel, genetic, nugget = markers @ markers.T, 1.3, 0.4
    plots = 0.8 * b @ b.T + 0.5 * np.eye(n_plot)
    y = 5 + z @ rng.normal(size=n) + np.linalg.cholesky(plots) @ rng.normal(size=n_plot)
    # one stage: y = mu + Z (u + l) + blocks + error
    one = np.ones((n_plot, 1))
    v = z @ (genetic * kernel + nugget * np.eye(n)) @ z.T + plots
    inverse = np.linalg.inv(v)
    mean = np.linalg.solve(one.T @ inverse @ one, one.T @ inverse @ y)
    u = genetic * kernel @ z.T @ inverse @ (y - mean)
    # stage 1: lines fixed; stage 2 takes its means and their covariance
    plain = np.linalg.inv(plots)
    error = np.linalg.inv(z.T @ plain @ z)
    means = error @ z.T @ plain @ y
    x = np.ones((n, 1))

    def second(noise):
        fitted = precision_multi([kernel], x, np.array([genetic]), nugget, noise)
        level = fixed_effect_multi(fitted, means, x)
        return level[0], genetic * kernel @ fitted.apply(means)

    level, found = second(Noise(np.ones(n), error))
    assert level == pytest.approx(mean[0], abs=1e-8)
    assert np.abs(found - u).max() < 1e-8
    diagonal = second(Noise(np.ones(n), np.diag(np.diag(error))))[1]
    assert np.abs(diagonal - u).max() > 0.02


def test_each_target_has_errors_of_its_own():
    kernel, target = drawn(11, known=True)
    other = Target(1, target.rows, target.y, target.weight, target.fixed)
    both = fit_kernel_blup(kernel.copy(), [target, other])
    alone = [fit_kernel_blup(kernel.copy(), [one]) for one in (target, other)]
    assert len(both.groups) == 2
    assert both.genetic == pytest.approx([one.genetic[0] for one in alone])
    some = target.take(np.array([4, 30, 2]))
    assert np.array_equal(some.error, target.error[np.ix_([4, 30, 2], [4, 30, 2])])
    assert some.known_scale
