"""Likelihoods of values given what a decoder says, and the divergence of a code."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class _Squares(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, said: Tensor, used: Tensor) -> Tensor:
        rest = torch.sub(said, x).mul_(used)
        ctx.save_for_backward(rest)
        return torch.linalg.vector_norm(rest, dim=-1).square()

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[None, Tensor, None]:
        (rest,) = ctx.saved_tensors
        return None, rest * (2 * gradient[0][..., None]), None


def gaussian_loss(
    x: Tensor,  # (n_feature, batch)
    mean: Tensor,  # (n_member, n_feature, batch)
    used: Tensor,  # (n_member, n_feature, batch) 0 or 1
    log_variance: Tensor,  # (n_member, n_feature)
) -> Tensor:  # (n_member,)
    """Return minus the normal log-likelihood of the entries used, without constant.

    Entries of a feature share their variance, so that their squares are summed first:
    wide tables are passed over a few times and not once per operation.
    """
    square = _Squares.apply(x, mean, used)
    each = square * torch.exp(-log_variance) + log_variance * used.sum(dim=2)
    return 0.5 * each.sum(dim=1)


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
