"""Residual convolutions whose reach doubles, as of Basenji and BPNet.

References
----------
Kelley et al. 2018, Genome Res 28:739; Avsec et al. 2021, Nat Genet 53:354.
"""

from __future__ import annotations

from torch import Tensor, nn

from meristem.sequence.models.networks.blocks import (
    activate,
    assemble,
    first_layer,
    pooling,
)
from meristem.sequence.models.options import Activation, NetworkOptions


class Dilated(nn.Module):
    """x + norm(conv(act(x))) with a dilated convolution."""

    def __init__(self, channels: int, reach: int, kind: Activation, drop: float):
        super().__init__()
        self.inside = nn.Sequential(
            activate(kind),
            nn.Conv1d(channels, channels, 3, padding=reach, dilation=reach),
            nn.BatchNorm1d(channels),
            nn.Dropout(drop),
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place)
        """Return the input plus what the layer adds."""
        return x + self.inside(x)


def build_dilated(options: NetworkOptions, window: int, n_output: int) -> nn.Sequential:
    """Return a network that reads (n, 4, window) and gives (n, n_output)."""
    trunk = [*first_layer(options), *pooling(options.pool)]
    trunk += [
        Dilated(options.channels, 2**level, options.activation, options.dropout / 2)
        for level in range(options.depth)
    ]
    return assemble(trunk, options, window, n_output)
