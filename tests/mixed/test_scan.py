from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats

from meristem.genetics.relationship import relationship_matrix
from meristem.mixed.scan import (
    Association,
    associate,
    associate_all,
    error_contrasts,
    restricted_h2,
)


def panel(seed=0, n=37, p=90):
    rng = np.random.default_rng(seed)
    dosage = rng.binomial(2, rng.uniform(0.1, 0.9, p), (n, p)).astype(np.int8)
    return rng, dosage, relationship_matrix(dosage)


def restricted_loss(h2, y, x, kernel, weight):
    """Return -log restricted likelihood by the book: determinants and inverses."""
    v = h2 * kernel + (1 - h2) * np.diag(1 / weight)
    inverse = np.linalg.inv(v)
    xvx = x.T @ inverse @ x
    projector = inverse - inverse @ x @ np.linalg.solve(xvx, x.T @ inverse)
    free = y.size - x.shape[1]
    return 0.5 * (
        free * np.log(y @ projector @ y)
        + np.linalg.slogdet(v)[1]
        + np.linalg.slogdet(xvx)[1]
    )


def gls(z, y, x, v):
    """Return slope, standard error and p of z by generalised least squares."""
    root = scipy.linalg.solve_triangular(np.linalg.cholesky(v), np.eye(y.size), lower=1)
    design = root @ np.column_stack([x, z])
    target = root @ y
    slope = np.linalg.lstsq(design, target, rcond=None)[0]
    free = y.size - design.shape[1]
    residual = np.sum((target - design @ slope) ** 2) / free
    se = np.sqrt(residual * np.linalg.inv(design.T @ design)[-1, -1])
    return slope[-1], se, 2 * scipy.stats.t.sf(abs(slope[-1] / se), free)


def test_h2_is_at_the_minimum_of_the_restricted_likelihood():
    rng, dosage, kernel = panel()
    n = kernel.shape[0]
    weight = rng.uniform(0.5, 2, n)
    fixed = np.column_stack([np.ones(n), rng.standard_normal(n)])
    genetic = (dosage - dosage.mean(axis=0)) @ rng.standard_normal((90, 5))
    y = genetic / genetic.std(axis=0) + rng.standard_normal((n, 5))
    contrasts = error_contrasts(kernel, fixed, weight)
    found = restricted_h2(contrasts.values, contrasts.rotate(y))
    for k in range(5):
        best = scipy.optimize.minimize_scalar(
            restricted_loss,
            bounds=(0, 1 - 1e-6),
            args=(y[:, k], fixed, kernel, weight),
            method="bounded",
            options={"xatol": 1e-9},
        )
        loss = restricted_loss(found[k], y[:, k], fixed, kernel, weight)
        assert loss <= best.fun + 1e-7
    assert np.ptp(found) > 0.05


def test_no_relationship_in_a_trait_means_h2_of_zero():
    kernel = np.kron(np.eye(6), np.ones((2, 2)))
    y = np.tile([1.0, -1.0], 6)[:, None]
    contrasts = error_contrasts(kernel)
    assert restricted_h2(contrasts.values, contrasts.rotate(y))[0] == 0


def test_many_traits_are_the_same_as_one_after_the_other():
    rng, _, kernel = panel(1)
    contrasts = error_contrasts(kernel)
    y = contrasts.rotate(rng.standard_normal((37, 530)))
    together = restricted_h2(contrasts.values, y)
    alone = [restricted_h2(contrasts.values, y[:, [k]])[0] for k in (0, 511, 512, 529)]
    assert together[[0, 511, 512, 529]] == pytest.approx(np.array(alone), abs=1e-9)
    assert restricted_h2(contrasts.values, y[:, :0]).shape == (0,)


def test_association_equals_generalised_least_squares():
    rng, dosage, kernel = panel(2)
    n = kernel.shape[0]
    weight = rng.uniform(0.5, 2, n)
    fixed = np.column_stack([np.ones(n), rng.standard_normal(n)])
    y = rng.standard_normal(n) + dosage[:, 3]
    h2 = 0.35
    v = h2 * kernel + (1 - h2) * np.diag(1 / weight)
    contrasts = error_contrasts(kernel, fixed, weight)
    found = associate_all(contrasts, dosage.astype(float), y, h2)
    assert found.beta.shape == (90,)
    for k in range(90):
        expected = gls(dosage[:, k].astype(float), y, fixed, v)
        assert (found.beta[k], found.se[k]) == pytest.approx(expected[:2])
        assert found.p[k] == pytest.approx(expected[2])


def test_pairs_have_their_own_trait_and_precision():
    rng, dosage, kernel = panel(3)
    contrasts = error_contrasts(kernel)
    traits = rng.standard_normal((37, 4))
    h2 = np.array([0.0, 0.2, 0.5, 0.9])
    trait, column = np.array([0, 3, 3, 1, 2]), np.array([7, 7, 1, 0, 89])
    found = associate(
        contrasts.rotate(dosage[:, column].astype(float)),
        contrasts.rotate(traits)[:, trait],
        contrasts.precision(h2)[:, trait],
    )
    for k, (j, i) in enumerate(zip(trait, column, strict=True)):
        x = dosage[:, [i]].astype(float)
        alone = associate_all(contrasts, x, traits[:, j], h2[j])
        for name in ("beta", "se", "p"):
            assert getattr(found, name)[k] == pytest.approx(getattr(alone, name)[0])


def test_columns_that_follow_from_the_fixed_effects_have_no_test():
    rng, _, kernel = panel(4)
    cofactor = rng.standard_normal(37)
    fixed = np.column_stack([np.ones(37), cofactor])
    columns = np.column_stack([np.full(37, 3.0), 2 * cofactor - 1, np.zeros(37)])
    contrasts = error_contrasts(kernel, fixed)
    found = associate_all(contrasts, columns, rng.standard_normal(37), 0.5)
    assert isinstance(found, Association)
    assert np.isnan(found.beta).all()
    assert np.isnan(found.p).all()


def test_a_fixed_effect_given_twice_costs_one_contrast():
    rng, _, kernel = panel(5)
    cofactor = rng.standard_normal(37)
    fixed = np.column_stack([np.ones(37), cofactor, 1 - cofactor])
    contrasts = error_contrasts(kernel, fixed)
    assert contrasts.n_contrast == 35
    assert contrasts.rotate(fixed) == pytest.approx(np.zeros((35, 3)), abs=1e-9)
