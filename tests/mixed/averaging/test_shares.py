"""Shares of models: rows left out, what is known beforehand, clusters, the earned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from meristem.mixed.averaging.shares import clustered_error, earned_share, model_shares


def rows(n):
    return np.arange(n)[None]


def shares(y, w, held, label, rng, prior=None, sd=0.3):
    """Of one target; equal shares beforehand."""
    prior = np.full(len(held), 1 / len(held)) if prior is None else prior
    columns = held[:, :, None]
    return model_shares(
        y[:, None], w[:, None], columns, label, rng, prior=np.asarray(prior), sd=sd
    )


@pytest.mark.parametrize("sd", [0.1, 30.0])
def test_weights_are_the_best_that_are_not_negative(sd):
    """Against a general optimiser; sums above 1 are cut to 1."""
    rng = np.random.default_rng(1)
    n = 120
    g = rng.normal(size=n)
    y = g + 0.3 * rng.normal(size=n)
    prior = np.array([0.2, 0.5, 0.3])
    for scale in (0.6, 2.0):  # short predictions ask for weights above 1
        held = np.stack([0.2 * rng.normal(size=n), g / scale, g + rng.normal(size=n)])
        w = np.ones(n)
        found = shares(y, w, held, rows(n), rng, prior, sd)
        z = held - held.mean(axis=1)[:, None]
        away = y - y.mean()
        left = away - prior @ z
        term = left * (z - prior @ z)
        term -= term.mean(axis=1, keepdims=True)
        c = max(np.sum(term**2) * n / (n - 1) / np.sum(term**2), 1)

        s2 = c * np.mean(left**2)

        def loss(v, z=z, away=away, s2=s2):
            return np.sum((away - v @ z) ** 2) / s2 + np.sum((v - prior) ** 2) / sd**2

        best = minimize(
            loss,
            prior,
            bounds=[(0, None)] * 3,
            constraints={"type": "ineq", "fun": lambda v: 1 - v.sum()},
            tol=1e-12,
        )
        assert found.weight[:, 0] == pytest.approx(best.x, abs=1e-3)
        shifted = found.intercept[0] + found.weight[:, 0] @ held
        assert shifted.mean() == pytest.approx(y.mean())


def test_what_rows_do_not_say_stays_as_it_was_beforehand():
    """Between models that are alike, few rows or few families decide little."""
    rng = np.random.default_rng(2)
    n, prior = 240, np.array([0.7, 0.3])
    family = np.repeat(np.arange(12), 20)
    away = {"rows": [], "families": []}
    for _ in range(30):
        g = rng.normal(size=n)
        base = g + 0.1 * rng.normal(size=n)
        held = np.stack([base, base + 0.3 * rng.normal(size=12)[family]])
        y = g + rng.normal(size=12)[family] + rng.normal(size=n)
        for name, label in (("rows", rows(n)), ("families", family[None])):
            found = shares(y, np.ones(n), held, label, rng, prior)
            away[name].append(np.abs(found.weight[:, 0] - prior).max())
    assert np.mean(away["families"]) < 0.7 * np.mean(away["rows"])


def test_what_is_held_out_was_weighed_by_other_rows():
    """A model that knows a tenth of the rows by heart has no gain on them."""
    rng = np.random.default_rng(3)
    n = 100
    y = rng.normal(size=n)
    held = np.stack([np.zeros(n), rng.normal(size=n)])
    held[1, ::10] = y[::10]  # one whole block
    found = shares(y, np.ones(n), held, rows(n), rng)
    block = np.arange(n) % 10 == 0
    without = shares(y[~block], np.ones(90), held[:, ~block], rows(90), rng)
    assert without.weight[1, 0] < found.weight[1, 0]
    error = np.mean((found.held[block, 0] - y[block]) ** 2)
    own = found.intercept[0] + found.weight[:, 0] @ held[:, block]
    assert error > np.mean((own - y[block]) ** 2)


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
    inside = []
    for _ in range(20):
        n = 200
        g = rng.normal(size=(3, n))
        true = np.array([0.7, 0.3, 0.0])
        y = true @ g + 0.5 * rng.normal(size=n)
        found = shares(y, np.ones(n), g, rows(n), rng)
        assert (found.low <= found.weight + 1e-9).all()
        assert (found.high >= found.weight - 1e-9).all()
        inside.append((found.low[:2, 0] <= true[:2]) & (true[:2] <= found.high[:2, 0]))
    assert np.mean(inside) > 0.85


def test_an_earned_share_is_near_that_of_the_truth_and_sure_of_it():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(100):
        base, further = rng.normal(size=(2, 150, 1))
        y = 0.7 * base + 0.3 * further + rng.normal(size=(150, 1))
        share = earned_share(
            y, np.ones_like(y), base, further, rows(150), prior=0.5, sd=0.5
        )
        found.append((share.value[0], share.low[0] < 0.3 < share.high[0]))
    assert np.mean([one for one, _ in found]) == pytest.approx(0.3, abs=0.02)
    assert np.mean([inside for _, inside in found]) > 0.88


def test_nothing_is_earned_against_the_rows_or_without_them():
    rng = np.random.default_rng(7)
    y = rng.normal(size=(300, 1))
    base, bad = y + 0.5 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    one = np.ones_like(y)

    def share(further, **more):
        known = {"prior": 0.9, "sd": 0.01} | more
        return earned_share(y, one, base, further, rows(300), **known).value[0]

    # whatever is thought beforehand, rows say an eighth at most
    assert share(bad) < 0.3
    assert share(bad) < share(y)
    assert share(np.full_like(y, np.nan)) == 0
    assert share(base) == 0  # the same predictions earn nothing


def test_noise_of_held_out_predictions_does_not_count_against_a_model():
    rng = np.random.default_rng(5)
    n = 4000
    one, two = rng.normal(size=(2, n))
    y = (one + two + rng.normal(size=n))[:, None]
    exact = np.stack([one, two])[:, :, None]
    shaken = exact.copy()
    shaken[1, :, 0] += rng.normal(size=n)
    noise = np.zeros_like(exact)
    noise[1] = 1.0

    def found(held, noise):
        rows, prior = np.arange(n)[None], np.full(2, 0.5)
        same = np.ones_like(y)
        draws = np.random.default_rng(0)
        one = model_shares(y, same, held, rows, draws, prior=prior, sd=1.0, noise=noise)
        return one.weight[:, 0]

    assert found(exact, None) == pytest.approx([0.5, 0.5], abs=0.05)
    assert found(shaken, None)[1] < 0.35
    assert found(shaken, noise)[1] == pytest.approx(0.5, abs=0.05)
