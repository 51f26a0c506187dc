"""The slowest mode: two eigenvalue routes, limits, gradients, published figures."""

import math

import numpy as np
import pytest
import torch

from meristem.kinetics.scheme.catalog import cas9, cas9_absorbing
from meristem.kinetics.scheme.decay import log_decay, log_residence, relaxation_rates
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.kinetics.scheme.solve import log_flux

LN10 = math.log(10.0)
PUBLISHED = torch.tensor([-0.33, 0.40, 0.03, 0.13, 0.62, -1.49, 0.11]).double() * LN10
TRIANGLE = Scheme(
    "triangle",
    ("a", "b", "c", "p"),
    (
        Reaction("ab", "a", "b"),
        Reaction("bc", "b", "c"),
        Reaction("ca", "c", "a"),
        Reaction("cat", "b", "p", observed=True),
    ),
    "decay",
)


def draw(width: float, n: int = 6, size: int = 7) -> torch.Tensor:
    rng = np.random.default_rng(2)
    return torch.as_tensor(rng.uniform(-width, width, (n, size)))


def test_published_matched_rates() -> None:
    scheme = cas9_absorbing(4)
    assert float(log_decay(scheme, PUBLISHED)) / LN10 == pytest.approx(-0.993, abs=6e-4)
    slow = relaxation_rates(scheme, PUBLISHED)
    assert float(slow[0] / slow[1]) == pytest.approx(0.079, abs=6e-4)


@pytest.mark.parametrize("n_states", [3, 4, 6])
def test_symmetric_and_general_route_agree(n_states: int) -> None:
    scheme = cas9_absorbing(n_states)
    log_rates = draw(20.0, size=len(scheme.reactions))
    first = log_decay(scheme, log_rates, symmetric=True)
    second = log_decay(scheme, log_rates, symmetric=False)
    assert torch.allclose(first, second, atol=1e-8)


@pytest.mark.parametrize("scheme", [cas9_absorbing(4), TRIANGLE], ids=["chain", "ring"])
def test_generator_eigenvalue_agrees(scheme: Scheme) -> None:
    log_rates = draw(1.5, size=len(scheme.reactions))
    slow = relaxation_rates(scheme, log_rates)[..., 0]
    assert torch.allclose(log_decay(scheme, log_rates).exp(), slow, rtol=1e-9)


@pytest.mark.parametrize("scheme", [cas9_absorbing(5), TRIANGLE], ids=["chain", "ring"])
def test_residence_times_invert_the_generator(scheme: Scheme) -> None:
    log_rates = draw(2.0, n=3, size=len(scheme.reactions))
    size = len(scheme.states) - 1
    for row, times in zip(
        log_rates.exp().numpy(), log_residence(scheme, log_rates).exp(), strict=True
    ):
        q = np.zeros((size, size))
        for (source, target), rate in zip(scheme.links, row, strict=True):
            q[source, source] -= rate
            if target < size:
                q[source, target] += rate
        assert np.allclose(times.numpy(), np.linalg.inv(-q), rtol=1e-9)


def test_decay_tends_to_flux_as_time_scales_part() -> None:
    scheme = cas9_absorbing(4)
    log_rates = PUBLISHED.clone()
    gaps, ratios = [], []
    for shift in (0.0, -3.0, -6.0, -12.0):
        log_rates[0] = PUBLISHED[0] + shift  # a slow arrival holds everything up
        slow = relaxation_rates(scheme, log_rates)
        gap = log_decay(scheme, log_rates) - log_flux(cas9(4), log_rates)
        gaps.append(abs(float(gap)))
        ratios.append(float(slow[0] / slow[1]))
    assert gaps == sorted(gaps, reverse=True)
    assert ratios == sorted(ratios, reverse=True)
    assert gaps[-1] < 1e-5


@pytest.mark.parametrize("symmetric", [True, False])
def test_gradient_by_differences(symmetric: bool) -> None:
    log_rates = draw(2.0, n=3).requires_grad_(True)
    scheme = cas9_absorbing(4)
    assert torch.autograd.gradcheck(
        lambda x: log_decay(scheme, x, symmetric=symmetric), (log_rates,)
    )


def test_equal_rates_have_finite_gradients() -> None:
    for log_rates in (torch.zeros(7).double(), torch.full((7,), -50.0).double()):
        log_rates.requires_grad_(True)
        value = log_decay(cas9_absorbing(4), log_rates)
        (gradient,) = torch.autograd.grad(value, log_rates)
        assert torch.isfinite(gradient).all()
        assert float(gradient.sum()) == pytest.approx(1.0)


def test_stable_over_hundred_e_folds() -> None:
    log_rates = draw(50.0, n=40).requires_grad_(True)
    value = log_decay(cas9_absorbing(4), log_rates)
    (gradient,) = torch.autograd.grad(value.sum(), log_rates)
    assert torch.isfinite(value).all()
    assert torch.isfinite(gradient).all()
