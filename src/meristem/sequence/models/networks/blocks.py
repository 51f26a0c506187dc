"""Parts that networks over DNA share.

Every non-linearity is a module made once and used once: methods that propagate
contributions (DeepLIFT) go wrong in silence where a module is shared or a function is
called instead.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from meristem.sequence.models.options import Activation, NetworkOptions


class Exponential(nn.Module):
    """exp(x): a first layer with it learns cleaner motifs.

    References
    ----------
    Koo & Ploenzke 2021, Nature Machine Intelligence 3:258.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return exp(x), bounded above so that no gradient runs away."""
        return torch.exp(x.clamp(max=10.0))


_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "exp": Exponential,
}


def activate(name: Activation) -> nn.Module:
    """Return a new non-linearity."""
    return _ACTIVATIONS[name]()


def first_layer(options: NetworkOptions) -> list[nn.Module]:
    """Return the convolution over bases with its norm and non-linearity."""
    width = options.first_kernel
    return [
        nn.Conv1d(4, options.channels, width, padding=width // 2),
        nn.BatchNorm1d(options.channels),
        activate(options.first),
    ]


def pooling(size: int) -> list[nn.Module]:
    """Return a pooling layer; none for one position."""
    return [nn.MaxPool1d(size, ceil_mode=True)] if size > 1 else []


class MeanMax(nn.Module):
    """Maximum and mean over positions, side by side."""

    def __init__(self, places: int) -> None:
        super().__init__()
        # not the adaptive kind, through which contributions cannot be propagated
        self.best = nn.MaxPool1d(places)

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place) -> (n, 2 channel)
        """Return both."""
        return torch.cat([self.best(x).squeeze(2), x.mean(2)], dim=1)


class Mean(nn.Module):
    """Mean over positions."""

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place) -> (n, channel)
        """Return the mean."""
        return x.mean(2)


def reading(
    options: NetworkOptions, channels: int, places: int
) -> tuple[list[nn.Module], int]:
    """Return what turns positions into features, and the number of these."""
    if options.read == "mean":
        return [Mean()], channels
    if options.read == "both":
        return [MeanMax(places)], 2 * channels
    return [nn.Flatten()], channels * places


def head(options: NetworkOptions, n_feature: int, n_output: int) -> list[nn.Module]:
    """Return the hidden layer and the output."""
    return [
        nn.Dropout(options.dropout),
        nn.Linear(n_feature, options.hidden),
        nn.BatchNorm1d(options.hidden),
        activate(options.activation),
        nn.Dropout(options.dropout),
        nn.Linear(options.hidden, n_output),
    ]


def assemble(
    trunk: list[nn.Module], options: NetworkOptions, window: int, n_output: int
) -> nn.Sequential:
    """Return trunk, reading and head as one network.

    Parameters
    ----------
    trunk
        From (n, 4, window) to (n, channel, place).
    options, window, n_output
        Of the network.
    """
    body = nn.Sequential(*trunk)
    with torch.no_grad():
        was = body.training
        body.eval()
        shape = body(torch.zeros(1, 4, window)).shape
        body.train(was)
    read, n_feature = reading(options, shape[1], shape[2])
    return nn.Sequential(*trunk, *read, *head(options, n_feature, n_output))
