"""`meristem.mixed.fixed.generalised`: against statsmodels and dense formulas."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.fixed.generalised import _whitening, generalised_effects
from meristem.mixed.reml import Components

N = 60


@pytest.fixture(scope="module")
def problem():
    """Twelve families of five, two sexes, an age, nine crossed cages."""
    rng = np.random.default_rng(7)
    family = np.repeat(np.arange(12), 5)
    sex = (rng.random(N) < 0.5) * 1.0
    age = rng.normal(50, 4, N)
    y = 2 + 1.5 * sex + 0.1 * age + rng.normal(0, 1.2, 12)[family]
    y = y + rng.normal(0, 0.8, N)
    cage = rng.integers(0, 9, N)
    caged = y + rng.normal(0, 1.0, 9)[cage]
    kernel = (family[:, None] == family) * 1.0
    return kernel, np.column_stack([np.ones(N), sex, age]), y, cage, caged


def test_fixed_effects_are_those_of_statsmodels(problem):
    kernel, x, y, _, _ = problem
    (found,) = generalised_effects(kernel, y[:, None], x, np.ones(N))
    # statsmodels 0.15.0, MixedLM(y, X, groups=family).fit(reml=True)
    np.testing.assert_allclose(found.fixed, [2.42981648, 1.7225014, 0.07423524], 1e-5)
    se = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(se, [1.52027455, 0.22326476, 0.02882927], 2e-3)
    assert found.components.genetic == pytest.approx(1.7338729, rel=1e-4)
    assert found.components.residual == pytest.approx(0.4531975, rel=1e-4)
    assert found.between == 0


def test_a_random_class_is_that_of_statsmodels(problem):
    kernel, x, _, cage, y = problem
    (found,) = generalised_effects(kernel, y[:, None], x, np.ones(N), cage)
    # statsmodels 0.15.0, MixedLM with VCSpec(family, cage); the share of the cage is
    # on a grid with a parabola here
    np.testing.assert_allclose(found.fixed, [1.98208431, 1.60018896, 0.07459408], 2e-3)
    se = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(se, [1.56687218, 0.22930149, 0.02925615], 5e-3)
    assert found.components.genetic == pytest.approx(1.62561147, rel=0.01)
    assert found.between == pytest.approx(0.57275958, rel=0.05)
    assert found.components.residual == pytest.approx(0.38545143, rel=0.01)


def test_levels_and_effects_follow_from_the_dense_equations(problem):
    kernel, x, _, cage, y = problem
    cage = np.where(cage == 4, -1, cage)
    weight = np.random.default_rng(3).uniform(0.5, 2, N)
    y = np.column_stack([y, -2 * y])
    one, other = generalised_effects(kernel, y, x, weight, cage)
    z = (cage[:, None] == np.arange(9)) * 1.0
    v = one.components.genetic * kernel + one.between * z @ z.T
    v += np.diag(one.components.residual / weight)
    inverse = np.linalg.inv(v)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    fixed = covariance @ x.T @ inverse @ y[:, 0]
    np.testing.assert_allclose(one.fixed, fixed)
    np.testing.assert_allclose(one.covariance, covariance)
    level = one.between * z.T @ inverse @ (y[:, 0] - x @ fixed)
    np.testing.assert_allclose(one.level, level, atol=1e-9)
    assert one.level[4] == 0
    np.testing.assert_allclose(other.fixed, -2 * one.fixed)
    assert isinstance(one.components, Components)


def test_whitening_is_the_inverse_root():
    level = np.array([0, 1, 0, -1, 1])
    weight = np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    made = _whitening(weight, level, 0.7)
    z = (level[:, None] == np.arange(2)) * 1.0
    r = np.diag(1 / weight) + 0.7 * z @ z.T
    root = made.apply(np.eye(5))
    np.testing.assert_allclose(root @ r @ root.T, np.eye(5), atol=1e-12)
    np.testing.assert_allclose(made.transpose(np.eye(5)), root.T)
    logs = np.linalg.slogdet(r)[1] + np.log(weight).sum()
    assert made.log_determinant == pytest.approx(logs)
