"""The censored likelihood: gradients, limits, moments by quadrature."""

import math

import numpy as np
import torch

from meristem.kinetics.network.likelihood import (
    censored_loss,
    censored_residual,
    expected_measurement,
)


def test_censored_row_above_the_limit_pulls_down() -> None:
    mean = torch.tensor([-2.0, -5.0, -9.0, 3.0], dtype=torch.float64)
    mean.requires_grad_(True)
    limit = torch.full((4,), -5.0, dtype=torch.float64)
    loss = censored_loss(mean, limit, torch.ones(4, dtype=torch.bool), torch.zeros(1))
    loss.sum().backward()
    assert (mean.grad > 0).all()
    assert mean.grad[0] > mean.grad[1] > mean.grad[2]


def test_without_censoring_it_is_gaussian() -> None:
    mean = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
    y = torch.tensor([0.1, 0.4, -0.2], dtype=torch.float64)
    log_sigma = torch.tensor([0.4], dtype=torch.float64)
    loss = censored_loss(mean, y, torch.zeros(3, dtype=torch.bool), log_sigma)
    oracle = torch.distributions.Normal(mean, log_sigma.exp())
    assert torch.allclose(loss, -oracle.log_prob(y))


def test_gradient_by_differences() -> None:
    mean = torch.linspace(-7, -3, 5, dtype=torch.float64, requires_grad=True)
    log_sigma = torch.tensor([0.2], dtype=torch.float64, requires_grad=True)
    y = torch.full((5,), -5.0, dtype=torch.float64)
    censored = torch.tensor([True, False, True, True, False])
    assert torch.autograd.gradcheck(
        lambda m, s: censored_loss(m, y, censored, s), (mean, log_sigma)
    )


def test_expected_measurement_by_quadrature() -> None:
    sigma, limit = 0.7, -5.0
    for mean in (-7.0, -5.2, -3.0):
        grid = np.linspace(mean - 8 * sigma, mean + 8 * sigma, 200_001)
        density = np.exp(-0.5 * ((grid - mean) / sigma) ** 2)
        weight = density / density.sum()
        oracle = float(np.sum(np.maximum(grid, limit) * weight))
        got = expected_measurement(
            torch.tensor(mean).double(), torch.tensor(math.log(sigma)).double(), limit
        )
        assert abs(float(got) - oracle) < 1e-6


def test_censored_residual_is_one_sided() -> None:
    mean = torch.tensor([-6.0, -4.0, -4.0])
    y = torch.tensor([-5.0, -5.0, -5.0])
    censored = torch.tensor([True, True, False])
    assert censored_residual(mean, y, censored).tolist() == [0.0, 1.0, 1.0]
