"""Solvers against each other, brute force and published figures."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from meristem.kinetics.scheme.catalog import cas9, cas9_absorbing, two_substrate_enzyme
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.kinetics.scheme.solve import (
    control_coefficients,
    log_flux,
    log_observable,
    log_occupancy,
    log_passage_time,
)

LN10 = math.log(10.0)
PUBLISHED = torch.tensor([-0.33, 0.40, 0.03, 0.13, 0.62, -1.49, 0.11]).double() * LN10
BRANCHED = Scheme(
    "branched",
    ("a", "b", "c", "d", "e"),
    (
        Reaction("ab", "a", "b"),
        Reaction("ba", "b", "a"),
        Reaction("bc", "b", "c"),
        Reaction("cd", "c", "d"),
        Reaction("db", "d", "b"),
        Reaction("ca", "c", "a", observed=True),
        Reaction("be", "b", "e"),
        Reaction("ea", "e", "a", observed=True),
        Reaction("eb", "e", "b"),
    ),
)
SCHEMES = [cas9(4), cas9(6), two_substrate_enzyme(), BRANCHED]


def draw(scheme: Scheme, width: float, n: int = 5) -> torch.Tensor:
    rng = np.random.default_rng(1)
    return torch.as_tensor(rng.uniform(-width, width, (n, len(scheme.reactions))))


def generator(scheme: Scheme, rates: np.ndarray) -> np.ndarray:
    size = len(scheme.states)
    q = np.zeros((size, size))
    for (source, target), rate in zip(scheme.links, rates, strict=True):
        q[source, target] += rate
        q[source, source] -= rate
    return q


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_four_ways_to_the_occupancy(scheme: Scheme) -> None:
    log_rates = draw(scheme, 3.0)
    by_trees = log_occupancy(scheme, log_rates, method="trees").exp()
    by_elimination = log_occupancy(scheme, log_rates, method="elimination").exp()
    assert torch.allclose(by_trees, by_elimination, rtol=1e-10)
    for row, one in zip(by_trees.numpy(), log_rates.exp().numpy(), strict=True):
        q = generator(scheme, one)
        size = len(scheme.states)
        minors = [
            np.linalg.det(np.delete(np.delete(-q, s, 0), s, 1)) for s in range(size)
        ]
        assert np.allclose(row, np.array(minors) / sum(minors), rtol=1e-9)
        system = np.vstack([q.T[:-1], np.ones(size)])
        solved = np.linalg.solve(system, np.eye(size)[-1])
        assert np.allclose(row, solved, rtol=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("method", ["trees", "elimination"])
def test_control_coefficients_sum_to_one(scheme: Scheme, method: str) -> None:
    for width in (2.0, 50.0):
        coefficients = control_coefficients(scheme, draw(scheme, width), method=method)
        assert torch.allclose(coefficients.sum(-1), torch.ones(5).double())


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_methods_agree_over_hundred_e_folds(scheme: Scheme) -> None:
    log_rates = draw(scheme, 50.0, n=20).requires_grad_(True)
    first = log_flux(scheme, log_rates, method="trees")
    second = log_flux(scheme, log_rates, method="elimination")
    assert torch.allclose(first, second, rtol=0, atol=1e-9)
    assert torch.isfinite(first).all()
    (gradient,) = torch.autograd.grad(first.sum(), log_rates)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("n_states", [4, 5, 6])
def test_flux_is_one_over_first_passage_time(n_states: int) -> None:
    scheme = cas9_absorbing(n_states)
    log_rates = draw(scheme, 3.0)
    size = n_states
    v = log_flux(cas9(n_states), log_rates).exp()
    tau = log_passage_time(scheme, log_rates).exp()
    assert torch.allclose(v * tau, torch.ones(5).double(), rtol=1e-10)
    for time, one in zip(tau, log_rates.exp().numpy(), strict=True):
        q = generator(scheme, one)[:size, :size]
        oracle = np.linalg.solve(q, -np.ones(size))[0]
        assert float(time) == pytest.approx(oracle, rel=1e-10)


@pytest.mark.parametrize("method", ["trees", "elimination"])
@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
def test_gradient_by_differences(scheme: Scheme, method: str) -> None:
    log_rates = draw(scheme, 2.0, n=2).requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda x: log_flux(scheme, x, method=method), (log_rates,)
    )


def test_published_matched_rates() -> None:
    scheme = cas9(4)
    assert float(log_flux(scheme, PUBLISHED)) / LN10 == pytest.approx(-1.044, abs=6e-4)
    occupancy = log_occupancy(scheme, PUBLISHED).exp().numpy()
    assert np.allclose(occupancy, [0.796, 0.112, 0.022, 0.070], atol=6e-4)
    control = control_coefficients(scheme, PUBLISHED).numpy()
    expected = [0.796, -0.603, 0.715, -0.178, 0.200, -0.005, 0.075]
    assert np.allclose(control, expected, atol=6e-4)


def test_several_observed_steps_add_up() -> None:
    log_rates = draw(BRANCHED, 2.0)
    occupancy = log_occupancy(BRANCHED, log_rates).exp()
    made = (
        log_rates.exp()[:, 5] * occupancy[:, 2]
        + log_rates.exp()[:, 7] * occupancy[:, 4]
    )
    assert torch.allclose(log_flux(BRANCHED, log_rates).exp(), made)


def test_observable_follows_the_scheme() -> None:
    log_rates = draw(cas9(4), 1.0)
    scheme = replace(cas9_absorbing(4), observable="passage")
    passage = log_observable(scheme, log_rates)
    assert torch.allclose(passage, log_observable(cas9(4), log_rates))
    decay = log_observable(cas9_absorbing(4), log_rates)
    assert not torch.allclose(decay, passage, rtol=1e-3)
