"""A convolution read by transformer encoder layers.

References
----------
Vaswani et al. 2017, NeurIPS (scaled dot-product attention); Avsec et al. 2021, Nat
Methods 18:1196 (Enformer).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from meristem.errors import ConfigError
from meristem.sequence.models.networks.blocks import (
    activate,
    assemble,
    first_layer,
    pooling,
)
from meristem.sequence.models.options import NetworkOptions


class Places(nn.Module):
    """Add a learned vector per position."""

    def __init__(self, channels: int, places: int) -> None:
        super().__init__()
        self.place = nn.Parameter(0.02 * torch.randn(channels, places))

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place)
        """Return the sum."""
        return x + self.place


class Encoder(nn.Module):
    """Self-attention and a two-layer perceptron, each added to its normed input."""

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        width = options.channels
        self.heads = options.heads
        self.before = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.softmax = nn.Softmax(dim=-1)
        self.out = nn.Linear(width, width)
        self.inside = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            activate(options.activation),
            nn.Dropout(options.dropout / 2),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place), same out
        """Return the layer's output."""
        x = x.transpose(1, 2)
        n, places, width = x.shape
        split = self.mix(self.before(x)).view(n, places, 3, self.heads, -1)
        q, k, v = split.permute(2, 0, 3, 1, 4)  # each (n, head, place, size)
        share = self.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[3]))
        x = x + self.out((share @ v).transpose(1, 2).reshape(n, places, width))
        return (x + self.inside(x)).transpose(1, 2)


def build_attention(
    options: NetworkOptions, window: int, n_output: int
) -> nn.Sequential:
    """Return a network that reads (n, 4, window) and gives (n, n_output).

    Raises
    ------
    ConfigError
        If the heads do not divide the channels.
    """
    if options.channels % options.heads:
        raise ConfigError(
            f"{options.heads} heads do not divide {options.channels} channels",
            where="model.heads",
            remedy="choose channels that are a multiple of heads",
        )
    places = math.ceil((window + 1 - options.first_kernel % 2) / options.pool)
    trunk = [
        *first_layer(options),
        *pooling(options.pool),
        Places(options.channels, places),
        *(Encoder(options) for _ in range(options.depth)),
    ]
    return assemble(trunk, options, window, n_output)
