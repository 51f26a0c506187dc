from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch

from meristem.representation.encoders.losses import (
    divergence,
    gaussian_loss,
    nb_loss,
    zinb_loss,
)

COUNT = torch.tensor([0.0, 1.0, 7.0, 40.0])
LOG_MEAN = torch.tensor([0.3, -1.0, 2.0, 3.0])
LOG_SIZE = torch.tensor([0.5, 1.0, -0.7, 2.0])


def reference() -> np.ndarray:
    size, mean = np.exp(LOG_SIZE.numpy()), np.exp(LOG_MEAN.numpy())
    return scipy.stats.nbinom.pmf(COUNT.numpy(), size, size / (size + mean))


def test_negative_binomial_is_that_of_scipy() -> None:
    found = nb_loss(COUNT, LOG_MEAN, LOG_SIZE).numpy()
    assert found == pytest.approx(-np.log(reference()), rel=1e-4)


def test_zero_inflation_adds_zeros() -> None:
    logit = torch.tensor([0.2, -1.0, 0.5, 2.0])
    share = 1 / (1 + np.exp(-logit.numpy()))
    expected = (1 - share) * reference() + share * (COUNT.numpy() == 0)
    found = zinb_loss(COUNT, LOG_MEAN, LOG_SIZE, logit).numpy()
    assert found == pytest.approx(-np.log(expected), rel=1e-4)


def test_gaussian_and_divergence_are_those_of_torch() -> None:
    x, mean = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    log_variance = torch.linspace(-1, 1, 6)
    normal = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    unit = torch.distributions.Normal(torch.zeros(6), torch.ones(6))
    kl = torch.distributions.kl_divergence(normal, unit)
    assert divergence(mean, log_variance).tolist() == pytest.approx(
        kl.tolist(), abs=1e-6
    )
    assert (divergence(mean, log_variance) >= 0).all()


def test_the_gaussian_loss_is_the_sum_over_the_entries_used() -> None:
    source = torch.Generator().manual_seed(1)
    x = torch.randn(5, 4, generator=source).double()
    said = torch.randn(2, 5, 4, generator=source).double().requires_grad_()
    spread = torch.randn(2, 5, generator=source).double().requires_grad_()
    used = (torch.rand(2, 5, 4, generator=source) < 0.7).double()
    normal = torch.distributions.Normal(said, torch.exp(0.5 * spread)[..., None])
    entry = -normal.log_prob(x) - 0.5 * np.log(2 * np.pi)
    expected = (entry * used).sum(dim=(1, 2))
    found = gaussian_loss(x, said, used, spread)
    assert found.tolist() == pytest.approx(expected.tolist())
    for one, other in zip(
        torch.autograd.grad(found.sum(), (said, spread)),
        torch.autograd.grad(expected.sum(), (said, spread)),
        strict=True,
    ):
        assert torch.allclose(one, other)
