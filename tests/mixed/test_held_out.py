"""`meristem.mixed.held_out`: BLUP of rows left out, and what they say of errors."""

import numpy as np
import pytest

from meristem.mixed.held_out import held_out_blup, held_out_error
from meristem.mixed.targets import Target
from meristem.records import Split

N, P, NOISE = 200, 60, 1.5


@pytest.fixture(scope="module")
def simulated():
    """A trait of variance 2 and noise 1.5 on a kernel of fewer markers than lines."""
    rng = np.random.default_rng(8)
    z = rng.normal(size=(N, P))
    kernel = z @ z.T / P
    rows = np.sort(rng.choice(N, N - 17, replace=False))
    weight = rng.uniform(0.5, 2, rows.size)
    genetic = np.sqrt(2 / P) * z[rows] @ rng.normal(size=P)
    y = 4 + genetic + np.sqrt(NOISE / weight) * rng.normal(size=rows.size)
    everyone = np.arange(N)
    inner = tuple(
        Split("k", 0, f, everyone[everyone % 5 != f], everyone[everyone % 5 == f])
        for f in range(5)
    )
    return kernel, Target(0, rows, y, weight), inner, genetic


def _naive(kernel, target, train, test):
    """Return prediction and error variance by the mixed-model equations."""
    ones = np.ones((train.size, 1))
    own = kernel[np.ix_(target.rows[train], target.rows[train])]
    inverse = np.linalg.inv(2 * own + np.diag(NOISE / target.weight[train]))
    cross = 2 * kernel[np.ix_(target.rows[test], target.rows[train])]
    information = ones.T @ inverse @ ones
    level = np.linalg.solve(information, ones.T @ inverse @ target.y[train])
    value = level + cross @ inverse @ (target.y[train] - level)
    left = 1 - cross @ inverse @ ones
    covariance = 2 * kernel[np.ix_(target.rows[test], target.rows[test])]
    covariance = covariance - cross @ inverse @ cross.T
    return value, np.diag(covariance + left @ np.linalg.inv(information) @ left.T)


def test_held_out_rows_equal_the_mixed_model_equations(simulated):
    kernel, target, inner, _ = simulated
    found = held_out_blup(kernel, target, inner, genetic=2.0, noise=NOISE)
    alone = held_out_blup(kernel, target, (), genetic=2.0, noise=NOISE)
    for fold in range(5):
        test = np.flatnonzero(target.rows % 5 == fold)
        train = np.flatnonzero(target.rows % 5 != fold)
        value, variance = _naive(kernel, target, train, test)
        assert found.residual[test] == pytest.approx(value - target.y[test])
        assert found.variance[test] == pytest.approx(variance)
    rest = np.arange(1, target.y.size)
    value, variance = _naive(kernel, target, rest, np.array([0]))
    assert alone.residual[0] == pytest.approx(value[0] - target.y[0])
    assert alone.variance[0] == pytest.approx(variance[0])


def _blup(kernel, target, inner):
    found = held_out_blup(kernel, target, inner, genetic=2.0, noise=NOISE)
    return target.y + found.residual, float(found.variance.mean())


def _error(simulated, unseen):
    kernel, target, inner, _ = simulated
    return held_out_error(kernel, target, inner, unseen, genetic=2.0, noise=NOISE)


def test_the_error_is_that_of_genetic_values(simulated):
    kernel, target, inner, genetic = simulated
    value, pev = _blup(kernel, target, inner)
    assert np.mean((value - 4 - genetic) ** 2) / pev == pytest.approx(1, abs=0.25)
    rng = np.random.default_rng(2)
    away = np.sqrt(0.6 * pev) * rng.normal(size=value.size)
    for unseen in (value, value + away, value + away / 2):
        width, apart = _error(simulated, unseen)
        total = width + apart * np.mean((unseen - value) ** 2 * target.weight) / pev
        right = np.mean((unseen - 4 - genetic) ** 2 * target.weight) / pev
        assert total == pytest.approx(right, abs=0.3)


def test_distance_from_the_blup_is_error_where_the_blup_is_right(simulated):
    kernel, target, inner, genetic = simulated
    value, _ = _blup(kernel, target, inner)
    rng = np.random.default_rng(3)
    assert _error(simulated, value) == (1, 0)
    assert _error(simulated, value + rng.normal(size=value.size))[1] > 0.8
    # and none is where the model is the one that is right
    width, apart = _error(simulated, 4 + genetic)
    assert width < 0.4
    assert apart < 0.1
    assert _error(simulated, np.full(value.size, np.nan)) == (1, 1)
