"""Outputs of a network for sequences with one base changed, by what the base reaches.

A convolution or a pooling layer changes only where the base lies in its reach: all else
is taken from the sequence as it is. The first layer that reads all positions, and what
follows it, is computed anew. The result is that of the whole network but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from meristem.sequence.models.networks.blocks import Exponential
from meristem.sequence.models.networks.dilated import Dilated

_POINTWISE = (nn.ReLU, nn.GELU, nn.ELU, nn.SiLU, Exponential, nn.Dropout)
_AT_ONCE = 512  # changed sequences at a time: what fits into a cache


def changed_outputs(
    network: nn.Sequential,
    onehot: Tensor,  # (n, 4, length)
    row: Tensor,  # (m,) of the sequences
    place: Tensor,  # (m,) of the changed bases
    base: Tensor,  # (m,) 0 to 3
) -> tuple[Tensor, Tensor]:  # (n, n_output), (m, n_output)
    """Return the raw outputs of sequences, and of each with one base replaced.

    Parameters
    ----------
    network
        Ready to predict.
    onehot
        The sequences as they are.
    row, place, base
        Which sequence is changed, where, and into what.
    """
    local, rest = _parted(network)
    stride = 1
    for layer in local:
        stride *= int(layer.kernel_size) if isinstance(layer, nn.MaxPool1d) else 1
    wholes = _wholes(local, onehot.transpose(1, 2).contiguous())
    plain = rest(wholes[-1].transpose(1, 2))
    found = plain.new_empty(len(row), plain.shape[1])
    for phase in range(stride):  # pooling cuts all changes of a phase alike
        members = torch.nonzero(place % stride == phase)[:, 0]
        for part in members.split(_AT_ONCE) if len(members) else ():
            letters = functional.one_hot(base[part], 4).float()[:, None]
            at = _Map(wholes[0], letters, row[part], place[part] - phase, phase)
            found[part] = rest(_assembled(_through(local, wholes[1:], at)))
    return plain, found


@dataclass
class _Map:
    """What a layer reads: the sequences as they are, and what a change makes of it."""

    whole: Tensor  # (n, place, channel)
    piece: Tensor  # (m, width, channel) of the changed sequences
    row: Tensor  # (m,) the sequence that was changed
    origin: Tensor  # (m,) place from which `start` counts
    start: int

    @property
    def end(self) -> int:
        """First place behind the piece, from the origin."""
        return self.start + self.piece.shape[1]

    def around(self, first: int, end: int, beyond: float) -> Tensor:
        """Return the places from `first` to `end` with the change in them."""
        window, outside = _window(self.whole, self, first, end)
        window[:, self.start - first : self.end - first] = self.piece
        if bool(outside.any()):
            window[outside] = beyond
        return window


def _window(whole: Tensor, at: _Map, first: int, end: int) -> tuple[Tensor, Tensor]:
    """Return places of the unchanged sequences, and which lie beyond them."""
    length = whole.shape[1]
    place = at.origin[:, None] + torch.arange(first, end)
    window = whole[at.row[:, None], place.clamp(0, length - 1)]
    return window, (place < 0) | (place >= length)


def _parted(network: nn.Sequential) -> tuple[list[nn.Module], nn.Sequential]:
    """Return the layers that read a few positions each, and the network behind them."""
    layers = list(network)
    number = 0
    while number < len(layers) and _is_local(layers[number]):
        number += 1
    return layers[:number], nn.Sequential(*layers[number:])


def _is_local(layer: nn.Module) -> bool:
    if isinstance(layer, nn.MaxPool1d):
        return layer.stride == layer.kernel_size and layer.padding == 0
    if isinstance(layer, nn.Conv1d):
        return layer.stride == (1,) and layer.groups == 1
    return isinstance(layer, (*_POINTWISE, nn.BatchNorm1d, Dilated))


def _wholes(layers: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """Return the sequences as they are, and what every layer makes of them."""
    found = [x]
    for layer in layers:
        made = layer(found[-1].transpose(1, 2))
        found.append(made.transpose(1, 2).contiguous())
    return found


def _through(layers: Sequence[nn.Module], wholes: Sequence[Tensor], at: _Map) -> _Map:
    """Return what layers make of a change; `wholes` are their outputs without it."""
    for layer, whole in zip(layers, wholes, strict=True):
        at = _step(layer, whole, at)
    return at


def _step(layer: nn.Module, whole: Tensor, at: _Map) -> _Map:
    start, origin = at.start, at.origin
    if isinstance(layer, nn.Conv1d):
        start, piece = _convolved(layer, whole, at)
    elif isinstance(layer, nn.MaxPool1d):
        size = int(layer.kernel_size)
        start, end = at.start // size, -(-at.end // size)
        window = at.around(start * size, end * size, -torch.inf)
        piece = window.unflatten(1, (-1, size)).amax(2)
        origin = torch.div(origin, size, rounding_mode="floor")
    elif isinstance(layer, Dilated):
        inside = list(layer.inside)
        inner = _through(inside, _wholes(inside, at.whole)[1:], at)
        start = inner.start
        piece = at.around(inner.start, inner.end, 0.0) + inner.piece
    elif isinstance(layer, nn.BatchNorm1d):
        scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
        shift = layer.bias - layer.running_mean * scale
        piece = torch.addcmul(shift, at.piece, scale)
    else:
        piece = layer(at.piece)
    return _Map(whole, piece, at.row, origin, start)


def _convolved(layer: nn.Conv1d, whole: Tensor, at: _Map) -> tuple[int, Tensor]:
    """Return where a convolution changes, and what it is there."""
    padding, dilation = int(layer.padding[0]), int(layer.dilation[0])
    width = int(layer.kernel_size[0])
    reach = dilation * (width - 1)
    start = at.start + padding - reach
    if at.piece.shape[1] == 1 and dilation == 1:  # the change of one position, added
        step = at.piece - _window(at.whole, at, at.start, at.end)[0]
        weight = layer.weight.flip(2).permute(1, 2, 0).flatten(1)
        piece, _ = _window(whole, at, start, start + width)
        piece += (step[:, 0] @ weight).view_as(piece)
        return start, piece
    window = at.around(start - padding, at.end + reach, 0.0).transpose(1, 2)
    piece = functional.conv1d(window, layer.weight, layer.bias, dilation=dilation)
    return start, piece.transpose(1, 2)


def _assembled(at: _Map) -> Tensor:  # (m, channel, place)
    """Return whole maps of the changed sequences."""
    full = at.whole[at.row]
    place = at.origin[:, None] + torch.arange(at.start, at.end)
    which = torch.arange(len(place))[:, None].expand_as(place)
    inside = (place >= 0) & (place < full.shape[1])
    full[which[inside], place[inside]] = at.piece[inside]
    return full.transpose(1, 2)
