"""`meristem.mixed.error` and `meristem.mixed.held_out`, against dense algebra."""

import numpy as np
import pytest

from meristem.mixed import error as error_of
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.error import averaged_error
from meristem.mixed.held_out import held_out_blup
from meristem.mixed.reml import (
    component_errors,
    components_at,
    decompose,
    estimate,
    profile_likelihood,
)
from meristem.mixed.targets import Target
from meristem.records import Split

N, N_NEW = 50, 7


@pytest.fixture
def problem():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(N + N_NEW, 200)) / np.sqrt(200)
    kernel = z @ z.T
    y = 3 + z[:N] @ rng.normal(size=200) + 0.8 * rng.normal(size=N)
    weight = rng.uniform(0.5, 2, N)
    return kernel, y, weight / weight.mean()


def covariance(terms, split, kernel):
    rotated = (split.root_weight[:, None] * split.vectors).T @ kernel[:N, N:]
    level = terms.constant[0] + rotated.T @ terms.slope[0]
    joint = terms.genetic[0] * kernel[N:, N:]
    return joint - rotated.T @ (terms.inverse[0][:, None] * rotated) + level @ level.T


def dense(kernel, y, weight, part):
    """Mean and error covariance of mu + g of new lines at given components."""
    inverse = np.linalg.inv(
        part.genetic * kernel[:N, :N] + np.diag(part.residual / weight)
    )
    cross = part.genetic * kernel[N:, :N]
    ones = np.ones(N)
    information = ones @ inverse @ ones
    level = ones @ inverse @ y / information
    mean = level + cross @ inverse @ (y - level)
    short = 1 - cross @ inverse @ ones
    error = part.genetic * kernel[N:, N:] - cross @ inverse @ cross.T
    return mean, error + np.outer(short, short) / information


def test_at_one_share_the_error_is_that_of_the_mixed_model(problem, monkeypatch):
    kernel, y, weight = problem
    split = decompose(kernel[:N, :N], weight)
    part = components_at(split, y, np.ones((N, 1)), 0.4)
    monkeypatch.setattr(error_of, "SHARES", np.array([0.4]))
    terms = averaged_error(split, y, part)
    assert covariance(terms, split, kernel) == pytest.approx(
        dense(kernel, y, weight, part)[1], abs=1e-8
    )


def test_the_error_is_averaged_over_the_likelihood_of_the_share(problem):
    kernel, y, weight = problem
    split, ones = decompose(kernel[:N, :N], weight), np.ones((N, 1))
    reported = estimate(split, y, ones)
    terms = averaged_error(split, y, reported)
    grid = (np.arange(2000) + 0.5) / 2000
    loss = profile_likelihood(split.values, split.rotate(y), split.rotate(ones), grid)
    chance = np.exp(loss[0].min() - loss[0])
    mean = dense(kernel, y, weight, reported)[0]
    expected = np.zeros((N_NEW, N_NEW))
    for h2, share in zip(grid[::10], chance[::10] / chance[::10].sum(), strict=True):
        part = components_at(split, y, ones, float(h2))
        other, joint = dense(kernel, y, weight, part)
        expected += share * (joint + np.outer(other - mean, other - mean))
    found = covariance(terms, split, kernel)
    assert np.diag(found) == pytest.approx(np.diag(expected), rel=0.05)
    plug_in = np.diag(dense(kernel, y, weight, reported)[1])
    assert not np.allclose(np.diag(found), plug_in, rtol=0.05)


def test_standard_errors_are_those_of_many_simulated_traits():
    rng = np.random.default_rng(8)
    kernel = np.kron(np.eye(30), np.ones((6, 6)))
    split, ones = decompose(kernel), np.ones((180, 1))
    root = np.linalg.cholesky(2.0 * kernel + np.eye(180))
    fits = [estimate(split, root @ rng.normal(size=180), ones) for _ in range(400)]
    found = np.array([(f.genetic, f.residual, f.h2) for f in fits]).std(axis=0)
    true = components_at(split, root @ rng.normal(size=180), ones, 2 / 3)
    scale = 2.0 / true.genetic
    said = component_errors(split.values, split.rotate(ones[:, 0]), true)
    assert said[:2] * scale == pytest.approx(found[:2], rel=0.12)
    assert said[2] == pytest.approx(found[2], rel=0.12)


def folds(n_fold):
    rows = np.arange(N)
    return tuple(
        Split("x", 0, f, rows[rows % n_fold != f], rows[rows % n_fold == f])
        for f in range(n_fold)
    )


def test_held_out_rows_are_those_of_fits_without_them(problem):
    kernel, y, weight = problem
    target = Target(0, np.arange(N), y, weight)
    every = held_out_blup(kernel[:N, :N], target, folds(N), genetic=0.7, noise=0.5)
    alone = held_out_blup(kernel[:N, :N], target, (), genetic=0.7, noise=0.5)
    assert alone.residual == pytest.approx(every.residual)
    assert alone.variance == pytest.approx(every.variance)
    some = held_out_blup(kernel[:N, :N], target, folds(2)[:1], genetic=0.7, noise=0.5)
    assert np.isnan(some.residual[1::2]).all()
    assert np.isfinite(some.residual[::2]).all()


def test_noise_and_genetic_variance_of_the_fit_are_averages(problem):
    kernel, y, weight = problem
    fit = fit_kernel_blup(kernel[:N, :N], [Target(0, np.arange(N), y, weight)])
    assert fit.mean_genetic.shape == fit.noise.shape == (1,)
    assert fit.component_se.shape == (1, 3)
    total = fit.mean_genetic + fit.noise
    assert total == pytest.approx(fit.genetic + fit.residual, rel=0.2)
