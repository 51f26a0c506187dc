"""Likelihoods of values given what a decoder says, and the divergence of a code."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def gaussian_loss(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return minus the normal log-likelihood of every entry, without constant."""
    return 0.5 * ((x - mean) ** 2 * torch.exp(-log_variance) + log_variance)


def nb_loss(count: Tensor, log_mean: Tensor, log_size: Tensor) -> Tensor:
    """Return minus the negative binomial log-likelihood of every count.

    The variance is mean + mean^2 / size.
    """
    size = torch.exp(log_size)
    log_total = torch.logaddexp(log_size, log_mean)
    likelihood = (
        torch.lgamma(count + size)
        - torch.lgamma(size)
        - torch.lgamma(count + 1)
        + size * (log_size - log_total)
        + count * (log_mean - log_total)
    )
    return -likelihood


def zinb_loss(
    count: Tensor, log_mean: Tensor, log_size: Tensor, logit: Tensor
) -> Tensor:
    """Return minus the zero-inflated negative binomial log-likelihood.

    References
    ----------
    Lopez et al. 2018, Nature Methods 15:1053 (the observation model of scVI).
    """
    plain = -nb_loss(count, log_mean, log_size)
    stays = nn.functional.logsigmoid(-logit)
    zero = torch.logaddexp(nn.functional.logsigmoid(logit), stays + plain)
    return -torch.where(count == 0, zero, stays + plain)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the KL divergence of normal factors from unit-normal ones, per entry."""
    return 0.5 * (mean**2 + torch.exp(log_variance) - 1 - log_variance)
