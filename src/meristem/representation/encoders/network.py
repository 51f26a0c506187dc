"""An auto-encoder with one hidden layer each way beside a linear path, in members."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from meristem.nn.dense import MemberLinear
from meristem.nn.dropout import SeededDropout
from meristem.records import FloatArray


class AutoEncoderNetwork(nn.Module):
    """Encoder and decoder of all members in one tensor.

    Both ways are a linear map plus what one hidden layer adds, so that the network
    is at least as rich as principal components.

    Parameters
    ----------
    n_feature, hidden, k
        Sizes.
    members
        Networks in one tensor.
    variational
        The encoder gives a log variance beside each factor.
    zeros
        The decoder gives a logit of excess zeros beside each value.
    mask
        Share of the inputs that is hidden in training.
    generator
        Source of the initial weights, masks and samples.
    """

    def __init__(
        self,
        n_feature: int,
        hidden: int,
        k: int,
        *,
        members: int,
        variational: bool,
        zeros: bool,
        mask: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.members, self.k, self.variational = members, k, variational
        self.generator = generator
        self.hide = SeededDropout(mask, generator)
        # the linear path and the hidden layer read and write in one product each
        self.encode_both = MemberLinear(members, n_feature, k + hidden, generator)
        self.encode_last = MemberLinear(members, hidden, k, generator)
        self.decode_hidden = MemberLinear(members, k, hidden, generator)
        self.decode_both = MemberLinear(members, k + hidden, n_feature, generator)
        # inputs are scaled to rows of length about one: weights and steps of one size
        self.input_scale = n_feature**-0.5
        with torch.no_grad():
            self.encode_both.weight.div_(self.input_scale)
            self.decode_both.weight[:, :, k:] = 0.0  # starts as its linear path
            self.decode_both.bias.zero_()
        nn.init.zeros_(self.encode_last.weight)
        nn.init.zeros_(self.encode_last.bias)
        self.log_spread = (
            MemberLinear(members, hidden, k, generator) if variational else None
        )
        if self.log_spread is not None:
            nn.init.zeros_(self.log_spread.weight)
            nn.init.constant_(self.log_spread.bias, -2.0)
        self.zeros = MemberLinear(members, k, n_feature, generator) if zeros else None
        if self.zeros is not None:
            nn.init.constant_(self.zeros.bias, -3.0)
        # log variance of the noise, or log dispersion of counts, of every feature
        self.noise = nn.Parameter(torch.zeros(members, n_feature, 1))

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        member = torch.arange(self.members)[:, None, None]
        return {name: member for name, _ in self.named_parameters()}

    def start_linear(
        self,
        weight: FloatArray,  # (n_member, n_feature, k) encoder
        loading: FloatArray,  # (n_member, n_feature, k) decoder
    ) -> None:
        """Start the linear paths from given maps."""
        with torch.no_grad():
            start = torch.from_numpy(np.swapaxes(weight, 1, 2).copy())
            self.encode_both.weight[:, : self.k] = start / self.input_scale
            self.encode_both.bias[:, : self.k] = 0.0
            self.decode_both.weight[:, :, : self.k] = torch.from_numpy(loading)
            self.decode_both.bias.zero_()

    @property
    def loading(self) -> Tensor:  # (n_member, n_feature, k)
        """What the linear path writes of each factor."""
        return self.decode_both.weight[:, :, : self.k]

    def encode(
        self,
        x: Tensor,  # (n_feature, batch) or (n_member, n_feature, batch)
    ) -> tuple[Tensor, Tensor | None]:  # each (n_member, k, batch)
        """Return factors and, of a variational code, their log variances."""
        linear, inner = self.read(x)
        hidden = nn.functional.silu(inner)
        mean = linear + self.encode_last(hidden)
        if self.log_spread is None:
            return mean, None
        return mean, self.log_spread(hidden).clamp(-10.0, 3.0)

    def read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the linear path and the inputs of the hidden units."""
        layer, scale = self.encode_both, self.input_scale
        if x.dim() == 2:
            both = layer(x * scale)
        else:  # the scale belongs to the product: wide inputs are not copied for it
            both = torch.baddbmm(layer.bias, layer.weight, x, alpha=scale)
        return both[:, : self.k], both[:, self.k :]

    def sample(self, mean: Tensor, log_variance: Tensor | None) -> Tensor:
        """Return draws of the factors in training, their means afterwards."""
        if log_variance is None or not self.training:
            return mean
        noise = torch.randn(mean.shape, generator=self.generator)
        return mean + noise * torch.exp(0.5 * log_variance)

    def decode(self, z: Tensor) -> Tensor:  # (n_member, n_feature, batch)
        """Return the values that factors stand for."""
        hidden = nn.functional.silu(self.decode_hidden(z))
        return self.decode_both(torch.cat([z, hidden], dim=1))


def contraction(
    network: AutoEncoderNetwork,
    x: Tensor,  # (n_member, n_feature, batch)
) -> Tensor:  # (n_member,)
    """Return the mean squared norm of the encoder's Jacobian.

    With A the linear path, W the hidden layer, V the last one and d the slopes of the
    hidden units, ||A + V diag(d) W||^2 is a quadratic form in d.

    References
    ----------
    Rifai et al. 2011, ICML, 833 (contractive auto-encoder).
    """
    a = network.encode_both.weight[:, : network.k]  # (m, k, p)
    w = network.encode_both.weight[:, network.k :]  # (m, h, p)
    v = network.encode_last.weight  # (m, k, h)
    scale = network.input_scale
    _, u = network.read(x)
    gate = torch.sigmoid(u)
    d = gate * (1 + u * (1 - gate))  # slope of SiLU, (m, h, batch)
    square = (a**2).sum(dim=(1, 2))
    cross = (torch.bmm(v.transpose(1, 2), a) * w).sum(dim=2)  # (m, h)
    both = torch.bmm(v.transpose(1, 2), v) * torch.bmm(w, w.transpose(1, 2))
    linear = 2 * (cross[:, :, None] * d).sum(dim=1)
    quadratic = (d * torch.bmm(both, d)).sum(dim=1)
    return scale**2 * (square + (linear + quadratic).mean(dim=1))
