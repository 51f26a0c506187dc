"""Likelihood of measurements that stop at a detection limit."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def censored_loss(
    mean: Tensor,  # (..., n)
    value: Tensor,  # (n,)
    censored: Tensor,  # (n,) bool: value is the detection limit, the truth at or below
    log_sigma: Tensor,  # (...,) or (..., 1)
) -> Tensor:  # (..., n)
    r"""Return minus the log likelihood of a Gaussian censored from below.

    Parameters
    ----------
    mean
        Predicted mean of the uncensored measurement.
    value
        Measurement; the detection limit where censored.
    censored
        True where the measurement is at the limit.
    log_sigma
        Natural log of the standard deviation.

    Returns
    -------
    Tensor
        :math:`-\ln N(y | \mu, \sigma)` above the limit,
        :math:`-\ln \Phi((L - \mu) / \sigma)` at it. The gradient is nowhere zero.

    References
    ----------
    Tobin 1958, Econometrica 26:24.

    Examples
    --------
    >>> one = torch.ones(1)
    >>> float(censored_loss(one, one, one.bool(), 0 * one))  # minus ln of one half
    0.693...
    """
    z = (value - mean) * torch.exp(-log_sigma)
    exact = 0.5 * z**2 + log_sigma + _HALF_LOG_2PI
    below = -torch.special.log_ndtr(z)
    return torch.where(censored, below, exact)


def expected_measurement(
    mean: Tensor,  # (..., n)
    log_sigma: Tensor,  # broadcasts with mean
    limit: float,
) -> Tensor:  # (..., n)
    r"""Return the expected reading of an instrument that reports at least `limit`.

    :math:`E[\max(y, L)] = L + (\mu - L) \Phi(z) + \sigma \varphi(z)` with
    :math:`z = (\mu - L) / \sigma`. This, not the mean of the hidden value, is
    what is compared with measurements at a detection limit.
    """
    sigma = torch.exp(log_sigma)
    z = (mean - limit) / sigma
    density = torch.exp(-0.5 * z**2 - _HALF_LOG_2PI)
    return limit + (mean - limit) * torch.special.ndtr(z) + sigma * density


def censored_residual(
    mean: Tensor,  # (..., n)
    value: Tensor,  # (n,)
    censored: Tensor,  # (n,)
) -> Tensor:  # (..., n)
    """Return the residual, zero where a censored row is predicted below the limit."""
    residual = mean - value
    return torch.where(censored, residual.clamp_min(0.0), residual)


def soft_reading(
    mean: Tensor,  # (..., n)
    limit: float,
    width: float,
) -> Tensor:  # (..., n)
    """Return what an instrument with a soft detection limit would read.

    Far below the limit it reads the limit, far above it the value itself; in between
    it bends over `width`, so that the gradient fades and never jumps.
    """
    if not math.isfinite(limit):
        return mean
    return limit + width * torch.nn.functional.softplus((mean - limit) / width)
