"""For a linear network the fit is REML; that gives independent numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.toys import network_plan

from meristem.mixed.reml import decompose, estimate
from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.train.evidence import EvidenceSettings, Observed, fit_evidence
from meristem.train.linearised import Linearised


def one_gene(p):
    return network_plan({"g": range(p)}, variants=p, heads=["g"])


def draw(n, p, h2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    x = (x - x.mean(0)) / x.std(0)
    g = x @ rng.normal(size=p)
    y = g / g.std() * np.sqrt(h2) + rng.normal(size=n) * np.sqrt(1 - h2)
    return x, (y - y.mean()) / y.std()


def fit(x, y, members=2, weight=None, rounds=300):
    network = PlanNetwork(
        one_gene(x.shape[1]),
        NodeShape(hidden=()),
        n_target=1,
        members=members,
        generator=torch.Generator().manual_seed(0),
    )
    ones = torch.ones(members, 1, y.size) if weight is None else weight
    observed = Observed(
        torch.from_numpy(y)[None],
        ones,
        torch.zeros(0, dtype=torch.int64),
        torch.full((members, 1), 0.5),
    )
    found = fit_evidence(
        network,
        torch.from_numpy(x.T.copy()),
        observed,
        EvidenceSettings(rounds=rounds, tolerance=1e-7),
    )
    return network, found


@pytest.mark.parametrize(("n", "p"), [(120, 30), (60, 90)], ids=["primal", "dual"])
def test_a_linear_network_is_reml(n, p):
    x, y = draw(n, p, 0.5)
    network, found = fit(x, y)
    reml = estimate(decompose(x @ x.T / p), y, np.ones((n, 1)))
    np.testing.assert_allclose(found.noise[:, 0], reml.residual, rtol=0.05)
    with torch.no_grad():
        fitted = network(torch.from_numpy(x.T.copy()).float()).value[0, 0].numpy()
    kernel = x @ x.T / p
    v = reml.genetic * kernel + reml.residual * np.eye(n)
    blup = reml.genetic * kernel @ np.linalg.solve(v, y - y.mean())
    assert np.corrcoef(fitted, blup)[0, 1] > 0.999
    assert np.polyfit(blup, fitted, 1)[0] == pytest.approx(1, abs=0.05)


def test_noise_alone_is_left_alone():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(150, 40))
    y = rng.normal(size=150)
    y = (y - y.mean()) / y.std()
    network, found = fit(x, y)
    with torch.no_grad():
        fitted = network(torch.from_numpy(x.T.copy()).float()).value.numpy()
    assert fitted.std() < 0.35
    assert found.noise.min() > 0.8


def test_rows_of_weight_zero_do_not_matter():
    x, y = draw(80, 10, 0.7)
    weight = torch.ones(2, 1, 80)
    weight[:, :, 60:] = 0
    one, _ = fit(x, y, weight=weight, rounds=30)
    other, _ = fit(x, np.where(np.arange(80) < 60, y, 50.0), weight=weight, rounds=30)
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(left, right)


def test_better_fits_have_more_evidence():
    x, y = draw(150, 10, 0.9)
    good = fit(x, y)[1].log_evidence
    rng = np.random.default_rng(0)
    bad = fit(x, rng.permutation(y))[1].log_evidence
    assert good.min() > bad.max() + 50


@pytest.fixture
def system():
    rng = torch.Generator().manual_seed(1)
    slope = torch.randn(2, 5, 12, generator=rng, dtype=torch.float64)
    residual = torch.randn(2, 12, generator=rng, dtype=torch.float64)
    prior = torch.rand(2, 5, generator=rng, dtype=torch.float64) + 0.2
    away = torch.randn(2, 5, generator=rng, dtype=torch.float64)
    return slope, residual, prior, away


def test_both_sides_give_the_same_answers(system):
    slope, residual, prior, away = system
    primal = Linearised(slope, residual, prior, away, 3)
    # five useless parameters more than observations force the other side
    extra = torch.zeros(2, 10, 12, dtype=torch.float64)
    dual = Linearised(
        torch.cat([slope, extra], 1),
        residual,
        torch.cat([prior, torch.ones(2, 10, dtype=torch.float64)], 1),
        torch.cat([away, torch.zeros(2, 10, dtype=torch.float64)], 1),
        3,
    )
    assert primal.primal
    assert not dual.primal
    damping = torch.tensor([0.0, 0.3], dtype=torch.float64)
    torch.testing.assert_close(primal.step(damping), dual.step(damping)[:, :5])
    variance, leverage = primal.posterior()
    other_variance, other_leverage = dual.posterior()
    torch.testing.assert_close(variance, other_variance[:, :5])
    torch.testing.assert_close(leverage, other_leverage)
    torch.testing.assert_close(primal.log_volume(), dual.log_volume())


def test_step_solves_the_normal_equations(system):
    slope, residual, prior, away = system
    found = Linearised(slope, residual, prior, away, 1).step(
        torch.zeros(2, dtype=torch.float64)
    )
    for k in range(2):
        j = slope[k]
        normal = j @ j.T + torch.diag(1 / prior[k])
        expected = torch.linalg.solve(normal, j @ residual[k] - away[k] / prior[k])
        torch.testing.assert_close(found[k], expected)
