"""Shares of models from rows left out: the guard, clusters, and what is earned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from meristem.mixed.guarded import clustered_error, earned_share, guarded_shares


def rows(n):
    return np.arange(n)[None]


def test_weights_are_the_best_that_are_not_negative():
    """Against a general optimiser; sums above 1 are cut to 1."""
    rng = np.random.default_rng(1)
    n = 120
    g = rng.normal(size=n)
    y = g + 0.3 * rng.normal(size=n)
    for scale in (0.6, 2.0):  # short predictions ask for weights above 1
        held = np.stack([0.2 * rng.normal(size=n), g / scale, g + rng.normal(size=n)])
        w = rng.uniform(0.5, 2, n)
        found = guarded_shares(y[:, None], w[:, None], held[:, :, None], rows(n), rng)
        z = held - np.average(held, axis=1, weights=w)[:, None]
        away = y - np.average(y, weights=w)
        best = minimize(
            lambda v, z=z, away=away, w=w: w @ (away - v @ z) ** 2,
            np.full(3, 0.2),
            bounds=[(0, None)] * 3,
            constraints={"type": "ineq", "fun": lambda v: 1 - v.sum()},
            tol=1e-12,
        )
        assert found.weight[:, 0] == pytest.approx(best.x, abs=1e-4)
        shifted = found.intercept[0] + found.weight[:, 0] @ held
        assert np.average(shifted, weights=w) == pytest.approx(np.average(y, weights=w))


def test_the_base_is_alone_unless_others_gain_clearly():
    rng = np.random.default_rng(2)
    alone = []
    for _ in range(60):
        n = 90
        g = rng.normal(size=n)
        y = g + rng.normal(size=n)
        base = g + 0.5 * rng.normal(size=n)
        held = np.stack([base, base + 0.5 * rng.normal(size=n)])[:, :, None]
        one = np.ones((n, 1))
        found = guarded_shares(y[:, None], one, held, rows(n), rng, errors=1.5)
        alone.append(found.weight[0, 0] == 1 and found.weight[1, 0] == 0)
    assert np.mean(alone) > 0.75
    better = np.stack([np.zeros(n), g])[:, :, None]
    assert (
        guarded_shares(y[:, None], np.ones((n, 1)), better, rows(n), rng).weight[1]
        > 0.5
    )


def test_what_is_held_out_was_weighed_by_other_rows():
    """A model that knows a tenth of the rows by heart has no gain on them."""
    rng = np.random.default_rng(3)
    n = 100
    y = rng.normal(size=(n, 1))
    held = np.stack([np.zeros((n, 1)), rng.normal(size=(n, 1))])
    held[1, ::10] = y[::10]  # one whole block
    found = guarded_shares(y, np.ones((n, 1)), held, rows(n), rng)
    assert found.weight[:, 0].tolist() == [1, 0]
    assert np.array_equal(found.held, held[0])


def test_families_are_no_independent_witnesses():
    rng = np.random.default_rng(4)
    family = np.repeat(np.arange(12), 30)
    shared, own = rng.normal(size=12)[family], 0.3 * rng.normal(size=360)
    term = shared + own
    naive = clustered_error(term, rows(360))
    honest = clustered_error(term, family[None])
    assert honest > 3 * naive
    crossed = np.stack([family, np.tile(np.arange(30), 12)])
    assert clustered_error(term, crossed) >= honest * 0.99


def test_intervals_hold_the_share():
    rng = np.random.default_rng(5)
    n = 200
    g = rng.normal(size=(2, n))
    y = (0.7 * g[0] + 0.3 * g[1] + 0.5 * rng.normal(size=n))[:, None]
    held = np.stack([g[0], g[1], rng.normal(size=n)])[:, :, None]
    found = guarded_shares(y, np.ones((n, 1)), held, rows(n), rng)
    assert (found.low <= found.weight + 1e-9).all()
    assert (found.high >= found.weight - 1e-9).all()
    assert found.low[0, 0] > 0.4
    assert found.high[1, 0] < 0.6


def test_an_earned_share_is_near_that_of_the_truth_and_sure_of_it():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(100):
        base, further = rng.normal(size=(2, 150, 1))
        y = 0.7 * base + 0.3 * further + rng.normal(size=(150, 1))
        share = earned_share(
            y, np.ones_like(y), base, further, rows(150), prior=0.5, sd=0.5
        )
        found.append((share.share[0], share.low[0] < 0.3 < share.high[0]))
    assert np.mean([one for one, _ in found]) == pytest.approx(0.3, abs=0.02)
    assert np.mean([inside for _, inside in found]) > 0.88


def test_nothing_is_earned_against_the_rows_or_without_them():
    rng = np.random.default_rng(7)
    y = rng.normal(size=(300, 1))
    base, bad = y + 0.5 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    one = np.ones_like(y)

    def share(further, **more):
        known = {"prior": 0.9, "sd": 0.01} | more
        return earned_share(y, one, base, further, rows(300), **known).share[0]

    # whatever is thought beforehand, rows say an eighth at most
    assert share(bad) < 0.3
    assert share(bad) < share(y)
    assert share(np.full_like(y, np.nan)) == 0
    assert share(base) == 0  # the same predictions earn nothing
