"""Residual blocks of grouped convolutions with squeeze and excitation.

References
----------
Tan & Le 2021, ICML (EfficientNetV2); Hu, Shen & Sun 2018, CVPR (squeeze and
excitation); Penzar et al. 2023, Bioinformatics 39:btad457 (of this type for promoters).
"""

from __future__ import annotations

from torch import Tensor, nn

from meristem.sequence.models.networks.blocks import (
    activate,
    assemble,
    first_layer,
    pooling,
)
from meristem.sequence.models.options import NetworkOptions


class Squeeze(nn.Module):
    """Scale channels by a gate that reads their means over positions."""

    def __init__(self, channels: int, options: NetworkOptions) -> None:
        super().__init__()
        inner = max(channels // 4, 1)
        self.gate = nn.Sequential(
            nn.Linear(channels, inner),
            activate(options.activation),
            nn.Linear(inner, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place), same out
        """Return the gated channels."""
        return x * self.gate(x.mean(2))[:, :, None]


class Block(nn.Module):
    """Widen, convolve by channel, gate, narrow; added to the input."""

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        width, wide = options.channels, 2 * options.channels
        self.inside = nn.Sequential(
            nn.Conv1d(width, wide, 1),
            nn.BatchNorm1d(wide),
            activate(options.activation),
            nn.Conv1d(
                wide, wide, options.kernel, padding=options.kernel // 2, groups=wide
            ),
            nn.BatchNorm1d(wide),
            activate(options.activation),
            Squeeze(wide, options),
            nn.Conv1d(wide, width, 1),
            nn.BatchNorm1d(width),
            nn.Dropout(options.dropout / 2),
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place)
        """Return the input plus what the block adds."""
        return x + self.inside(x)


def build_residual(
    options: NetworkOptions, window: int, n_output: int
) -> nn.Sequential:
    """Return a network that reads (n, 4, window) and gives (n, n_output)."""
    trunk = [*first_layer(options), *pooling(options.pool)]
    trunk += [Block(options) for _ in range(options.depth)]
    return assemble(trunk, options, window, n_output)
