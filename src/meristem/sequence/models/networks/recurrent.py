"""A convolution read by a bidirectional LSTM, as of DanQ.

References
----------
Quang & Xie 2016, Nucleic Acids Res 44:e107.
"""

from __future__ import annotations

from torch import Tensor, nn

from meristem.sequence.models.networks.blocks import assemble, first_layer, pooling
from meristem.sequence.models.options import NetworkOptions


class BothWays(nn.Module):
    """A bidirectional LSTM over positions."""

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        half = max(channels // 2, 1)
        self.lstm = nn.LSTM(
            channels, half, num_layers=layers, batch_first=True, bidirectional=True
        )

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place), same out
        """Return the hidden state at every position."""
        return self.lstm(x.transpose(1, 2))[0].transpose(1, 2)


def build_recurrent(
    options: NetworkOptions, window: int, n_output: int
) -> nn.Sequential:
    """Return a network that reads (n, 4, window) and gives (n, n_output)."""
    trunk = [
        *first_layer(options),
        *pooling(options.pool),
        nn.Dropout(options.dropout / 2),
        BothWays(options.channels, max(1, min(options.depth, 2))),
    ]
    return assemble(trunk, options, window, n_output)
