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
    constant = 0.5 * np.log(2 * np.pi)
    found = gaussian_loss(x, mean, log_variance) + constant
    assert found.tolist() == pytest.approx((-normal.log_prob(x)).tolist(), rel=1e-5)
    unit = torch.distributions.Normal(torch.zeros(6), torch.ones(6))
    kl = torch.distributions.kl_divergence(normal, unit)
    assert divergence(mean, log_variance).tolist() == pytest.approx(
        kl.tolist(), abs=1e-6
    )
    assert (divergence(mean, log_variance) >= 0).all()
