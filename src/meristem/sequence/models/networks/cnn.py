"""Convolutions and pooling, as of DeepBind, DeepSEA and Basset.

References
----------
Alipanahi et al. 2015, Nat Biotechnol 33:831; Zhou & Troyanskaya 2015, Nat Methods
12:931; Kelley, Snoek & Rinn 2016, Genome Res 26:990.
"""

from __future__ import annotations

from torch import nn

from meristem.sequence.models.networks.blocks import (
    activate,
    assemble,
    first_layer,
    pooling,
)
from meristem.sequence.models.options import NetworkOptions


def build_cnn(options: NetworkOptions, window: int, n_output: int) -> nn.Sequential:
    """Return a network that reads (n, 4, window) and gives (n, n_output).

    Examples
    --------
    >>> import torch
    >>> net = build_cnn(NetworkOptions(channels=8), 50, 2)
    >>> tuple(net(torch.zeros(3, 4, 50)).shape)
    (3, 2)
    """
    trunk = [*first_layer(options), *pooling(options.pool)]
    for number in range(options.depth):
        trunk += [
            nn.Dropout(options.dropout / 2),
            nn.Conv1d(
                options.channels,
                options.channels,
                options.kernel,
                padding=options.kernel // 2,
            ),
            nn.BatchNorm1d(options.channels),
            activate(options.activation),
            *(pooling(2) if number == 0 else []),
        ]
    return assemble(trunk, options, window, n_output)
