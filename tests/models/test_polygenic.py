from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.reml import decompose, estimate
from meristem.models.polygenic import (
    fit_polygenic,
    polygenic_out_of_fold,
    polygenic_sets,
)
from meristem.prepare.scale import fit_scale
from meristem.records import Phenotypes
from meristem.stats.folds import random_splits


def simulate(n=70, p=30, t=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (n, p)).astype(np.int8)
    y = x @ rng.normal(size=(p, t)) + 3 * rng.normal(size=(n, t))
    return x, y


def table(y, weight=None):
    n, t = y.shape
    return Phenotypes(
        np.array([f"s{i}" for i in range(n)]),
        np.array([f"t{i}" for i in range(t)]),
        np.full(t, ""),
        y,
        np.ones_like(y) if weight is None else weight,
    )


def blup(x, y, weight, rows, new):
    """Textbook GBLUP with the variances of an independent search."""
    z = x - x.mean(0)
    kernel = z @ z.T
    kernel = kernel / (np.trace(kernel) / len(kernel))
    k = kernel[np.ix_(rows, rows)]
    one = np.ones((rows.size, 1))
    found = estimate(decompose(k, weight), y[rows], one)
    v = found.genetic * k + found.residual * np.diag(1 / weight)
    vi = np.linalg.inv(v)
    b = (one.T @ vi @ y[rows]) / (one.T @ vi @ one)[0, 0]
    return b + found.genetic * kernel[np.ix_(new, rows)] @ vi @ (y[rows] - b)


def test_effects_predict_like_gblup_target_by_target():
    x, y = simulate()
    y[:9, 1] = np.nan
    weight = np.random.default_rng(1).uniform(0.5, 2, y.shape)
    fit = fit_polygenic(x, fit_scale(x), table(y, weight))
    new = np.arange(20)
    for t in range(2):
        rows = np.flatnonzero(np.isfinite(y[:, t]))
        expected = blup(x, y[:, t], weight[rows, t], rows, new)
        np.testing.assert_allclose(fit.predict(x[new])[:, t], expected, atol=1e-4)


def test_missing_calls_take_the_training_mean():
    x, y = simulate()
    fit = fit_polygenic(x, fit_scale(x), table(y))
    holes = x[:3].copy()
    holes[:] = -1
    np.testing.assert_allclose(fit.predict(holes), np.tile(fit.intercept, (3, 1)))


def test_out_of_fold_rows_are_not_seen():
    x, y = simulate()
    scale = fit_scale(x)
    inner = random_splits(70, 4, np.random.default_rng(2))
    rows = [split.train for split in inner]

    def run(values):
        fits = polygenic_sets(x, scale, table(values), rows)
        return polygenic_out_of_fold(x, fits, inner)

    before = run(y)
    changed = y.copy()
    changed[inner[0].test] += 100
    after = run(changed)
    np.testing.assert_allclose(after[inner[0].test], before[inner[0].test])
    assert not np.allclose(after[inner[1].test], before[inner[1].test])
    assert np.corrcoef(before[:, 0], y[:, 0])[0, 1] > 0.3


def test_a_set_without_observations_predicts_the_mean():
    x, y = simulate(n=20)
    y[:10, 1] = np.nan
    y[10:12, 1] = 4.0
    fits = polygenic_sets(x, fit_scale(x), table(y), [np.arange(10), np.arange(12)])
    assert fits[0].predict(x)[:, 1] == pytest.approx(np.zeros(20))
    assert fits[1].predict(x)[:, 1] == pytest.approx(np.full(20, 4.0))
