"""Losses that know what was measured: masks, weights, several traits, omics.

Every loss is one number per member of the ensemble; the sum over members is what
is minimised, and members do not touch each other's weights.
"""

from __future__ import annotations

import torch
from torch import Tensor


def trait_loss(
    value: Tensor,  # (n_member, n_target, batch)
    observed: Tensor,  # (n_target, batch) any number where weight is 0
    weight: Tensor,  # (n_target, batch) 0 where not observed
    member_weight: Tensor,  # (n_member, batch) 0 for rows a member must not see
) -> Tensor:  # (n_member,)
    """Weighted mean squared error of each member over all observed values.

    Parameters
    ----------
    value
        Predicted traits.
    observed
        Observed traits; where `weight` is zero the number is ignored (not NaN).
    weight
        Relative precision of every observation, zero where missing.
    member_weight
        Weight of every row in every member.

    Returns
    -------
    Tensor
        One loss per member; zero for a member without any observation.

    Examples
    --------
    >>> import torch
    >>> value = torch.tensor([[[1.0, 5.0]], [[2.0, 2.0]]])
    >>> ones = torch.ones(1, 2)
    >>> held = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    >>> trait_loss(value, torch.zeros(1, 2), ones, held)
    tensor([1., 4.])
    """
    error, total = trait_error(value, observed, weight, member_weight)
    return error / total.clamp(min=torch.finfo(total.dtype).tiny)


def trait_error(
    value: Tensor,  # (n_member, n_target, batch)
    observed: Tensor,  # (n_target, batch)
    weight: Tensor,  # (n_target, batch)
    member_weight: Tensor,  # (n_member, batch)
) -> tuple[Tensor, Tensor]:  # each (n_member,)
    """Return the weighted sum of squared errors and the sum of weights."""
    squared = (value - observed).square() * weight
    error = torch.einsum("ktb,kb->k", squared, member_weight)
    total = member_weight @ weight.sum(0)
    return error, total


def omics_loss(
    latent: Tensor,  # (n_measured, n_member, batch)
    measured: Tensor,  # (n_measured, batch) any number where weight is 0
    weight: Tensor,  # (n_measured, batch) 0 where not measured
    member_weight: Tensor,  # (n_member, batch)
    *,
    form: str = "soft",
) -> Tensor:  # (n_member,)
    """Distance of named latents from their standardised measurements.

    Any pattern of missing samples and features is allowed: a latent is compared on
    the rows where its quantity was measured, and latents count equally.

    Parameters
    ----------
    latent
        Latents of the measured nodes.
    measured
        Measurements, standardised on the training rows.
    weight
        Precision of the measurements (their reliability), zero where missing.
    member_weight
        Weight of every row in every member.
    form
        "soft": mean squared error; "correlation": one minus the correlation, for
        measurements whose scale means nothing.

    Returns
    -------
    Tensor
        One loss per member.

    Examples
    --------
    >>> import torch
    >>> z = torch.tensor([[[0.0, 2.0, 4.0]]])
    >>> x, ones = torch.tensor([[1.0, 2.0, 3.0]]), torch.ones(1, 3)
    >>> round(omics_loss(z, x, ones, ones).item(), 4)
    0.6667
    >>> round(omics_loss(z, x, ones, ones, form="correlation").item(), 4)
    0.0
    """
    w = weight[:, None] * member_weight[None]  # (n_measured, n_member, batch)
    total = w.sum(-1)
    safe = total.clamp(min=torch.finfo(total.dtype).tiny)
    if form == "correlation":
        each = _one_minus_correlation(latent, measured[:, None], w / safe[..., None])
    else:
        each = (w * (latent - measured[:, None]).square()).sum(-1) / safe
    present = (total > 0).to(each.dtype)
    return (each * present).sum(0) / present.sum(0).clamp(min=1.0)


def _one_minus_correlation(z: Tensor, x: Tensor, share: Tensor) -> Tensor:
    # share sums to 1 over the batch: weighted moments
    dz = z - (share * z).sum(-1, keepdim=True)
    dx = x - (share * x).sum(-1, keepdim=True)
    covariance = (share * dz * dx).sum(-1)
    spread = (share * dz.square()).sum(-1) * (share * dx.square()).sum(-1)
    return 1.0 - covariance / (spread + 1e-12).sqrt()
