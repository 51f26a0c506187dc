"""Heritability of genes by their own variants: likelihood, sharing, known error."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from meristem.mixed.groups import gather
from meristem.models.core.heritability import (
    GRID,
    _log_likelihood,
    _penalty,
    cis_heritability,
)


def simulated(true, n, seed, k=4):
    """Return markers, genes and expression of the heritabilities `true`."""
    rng = np.random.default_rng(seed)
    markers = rng.normal(size=(n, k * true.size))
    own = [np.arange(k * g, k * g + k) for g in range(true.size)]
    value = np.empty((n, true.size))
    for g, share in enumerate(true.tolist()):
        said = markers[:, own[g]] @ rng.normal(size=k)
        value[:, g] = np.sqrt(share) * said / said.std()
        value[:, g] += np.sqrt(1 - share) * rng.normal(size=n)
    return markers, gather([f"g{i}" for i in range(true.size)], own), value


def test_the_likelihood_is_that_of_the_marginal_normal():
    """Against the density of contrasts, at the total variance that fits best."""
    rng = np.random.default_rng(0)
    n, k = 25, 3
    x = rng.normal(size=(n, k))
    x -= x.mean(axis=0)
    y = x @ rng.normal(size=k) + rng.normal(size=n)
    y -= y.mean()
    base = np.linalg.svd(np.eye(n) - 1 / n)[0][:, : n - 1]  # contrasts
    penalty = np.array([0.3, 2.0, 40.0])
    slow = []
    for one in penalty:
        v = base.T @ (np.eye(n) + x @ x.T / one) @ base
        z = base.T @ y
        total = z @ np.linalg.solve(v, z) / (n - 1)
        slow.append(
            scipy.stats.multivariate_normal(np.zeros(n - 1), total * v).logpdf(z)
        )
    fast = _log_likelihood(x, y, penalty)
    assert np.diff(fast) == pytest.approx(np.diff(slow), abs=1e-8)


def test_genes_have_their_own_and_learn_from_each_other():
    true = np.where(np.arange(200) < 150, 0.02, 0.6)
    markers, genes, value = simulated(true, 60, 1)
    found, penalty = cis_heritability(markers, genes, value)
    assert np.median(found[150:]) == pytest.approx(0.6, abs=0.12)
    assert np.median(found[:150]) < 0.06
    few = gather(["a"], [genes.of(0)])
    alone = [
        cis_heritability(markers[:, genes.of(g)], few, value[:, [g]])[0][0]
        for g in range(30)
    ]
    assert np.mean(np.abs(found[:30] - 0.02)) < 0.5 * np.mean(
        np.abs(np.array(alone) - 0.02)
    )
    size = np.mean(
        np.sum((markers - markers.mean(axis=0))[:, genes.of(3)] ** 2, axis=1)
    )
    assert penalty[3] == pytest.approx(_penalty(size, found[3]))


def test_known_error_and_missing_values():
    true = np.full(40, 0.6)
    markers, genes, value = simulated(true, 80, 2)
    poor = np.where(np.arange(40) < 20, 0.3, np.nan)
    found, _ = cis_heritability(markers, genes, value, poor)
    assert (found[:20] <= 0.3 + 1e-9).all()
    assert found[20:].mean() > 0.45
    value[:, 0] = np.nan
    value[4:, 1] = np.nan
    unseen, penalty = cis_heritability(markers, genes, value)
    assert unseen[:2] == pytest.approx(unseen[0])
    assert GRID[0] < unseen[0] < GRID[-1]
    assert np.isfinite(penalty).all()
