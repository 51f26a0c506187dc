"""Trunks that read the whole edit array: convolution, BiLSTM, attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from meristem.errors import ConfigError
from meristem.kinetics.cas9.channels import N_PAIR
from meristem.kinetics.cas9.encode import N_CHANNEL, N_POSITION

Block = Literal["k1", "k3", "k3d4", "k5", "inception", "none"]
Reads = Literal["edits", "all"]

_SHAPES = {"k1": (1, 1), "k3": (3, 1), "k3d4": (3, 4), "k5": (5, 1)}


@dataclass(frozen=True)
class Trunk:
    """What the trunk is made of.

    Attributes
    ----------
    first, first_width
        First convolution and its channels.
    dropout, last_dropout
        Share of channels dropped after it, and of units after the last layer.
    second, second_width
        Second convolution; ``none`` leaves it out.
    lstm
        Units of a bidirectional LSTM per direction; 0 for none.
    attention
        Whether two-headed self-attention over the positions follows.
    dense
        Units of the last layer; 0 for none.
    reads
        ``edits``: which base became which, insertions and deletions. ``all``: the
        bases of the guide too, by which few guides can be learned by heart.
    """

    first: Block = "k3"
    first_width: int = 16
    dropout: float = 0.2
    second: Block = "none"
    second_width: int = 32
    lstm: int = 0
    attention: bool = False
    dense: int = 32
    reads: Reads = "edits"
    last_dropout: float = 0.2

    def __post_init__(self) -> None:
        for block in (self.first, self.second):
            if block not in get_args(Block):
                raise ConfigError(
                    f"there is no trunk block {block!r}",
                    remedy=f"use {', '.join(get_args(Block))}",
                )
        if self.reads not in get_args(Reads):
            raise ConfigError(
                f"a trunk cannot read {self.reads!r}",
                remedy=f"use {', '.join(get_args(Reads))}",
            )
        for share in (self.dropout, self.last_dropout):
            if not 0.0 <= share < 1.0:
                raise ConfigError(f"dropout {share} is not in [0, 1)")


class _Inception(nn.Module):
    """Four convolutions of different reach, side by side."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        shapes = [(1, 1), (3, 1), (3, 4), (5, 1)]
        self.parts = nn.ModuleList(
            _convolution(n_in, n_out // 4, kernel, dilation)
            for kernel, dilation in shapes
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the channels of all parts."""
        return torch.cat([branch(x) for branch in self.parts], dim=1)


def _convolution(n_in: int, n_out: int, kernel: int, dilation: int) -> nn.Conv1d:
    return nn.Conv1d(n_in, n_out, kernel, padding="same", dilation=dilation)


def _block(kind: str, n_in: int, n_out: int) -> nn.Module:
    if kind == "inception":
        return _Inception(n_in, n_out)
    return _convolution(n_in, n_out, *_SHAPES[kind])


class TrunkNet(nn.Module):
    """The network of a `Trunk`: (n, 25, n_in) to (n, width)."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk
        n_in = N_CHANNEL if trunk.reads == "all" else N_PAIR
        self.first = _block(trunk.first, n_in, trunk.first_width)
        self.dropout = nn.Dropout1d(trunk.dropout)
        self.last_dropout = nn.Dropout(trunk.last_dropout)
        width = trunk.first_width
        self.second: nn.Module | None = None
        if trunk.second != "none":
            self.second = _block(trunk.second, width, trunk.second_width)
            width = trunk.second_width
        self.lstm: nn.LSTM | None = None
        if trunk.lstm:
            self.lstm = nn.LSTM(width, trunk.lstm, batch_first=True, bidirectional=True)
            width = 2 * trunk.lstm
        self.attention: nn.MultiheadAttention | None = None
        if trunk.attention:
            self.attention = nn.MultiheadAttention(
                width, 2, dropout=0.2, batch_first=True
            )
        width *= N_POSITION
        self.dense: nn.Linear | None = None
        if trunk.dense:
            self.dense = nn.Linear(width, trunk.dense)
            width = trunk.dense
        self.width = width

    def forward(
        self,
        x: Tensor,  # (n, 25, n_in) the encoding, or its pair features
    ) -> Tensor:  # (n, width)
        """Return one vector per pair."""
        h = torch.relu(self.first(x.transpose(1, 2)))
        h = self.dropout(h)
        if self.second is not None:
            h = torch.relu(self.second(h))
        h = h.transpose(1, 2)  # (n, 25, channel)
        if self.lstm is not None:
            h, _ = self.lstm(h)
        if self.attention is not None:
            attended, _ = self.attention(h, h, h, need_weights=False)
            h = h + attended
        h = h.flatten(1)
        if self.dense is not None:
            h = self.last_dropout(torch.relu(self.dense(h)))
        return h
