"""A network as it predicts: norms folded into weights, bases looked up in tables.

The first convolution adds up rows of tables, one row for every three bases, instead of
multiplying zeros and ones. Maps lie with the channels of a position side by side, and
may have margins on both sides. Nothing but rounding differs from the trained network.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from meristem.sequence.models.networks.blocks import Exponential
from meristem.sequence.models.networks.dilated import Dilated
from meristem.sequence.models.networks.residual import Block

BEYOND = -1e30
"""Values beyond the ends of a map: no maximum is there, and no change shows there."""

_RISING = (nn.ReLU, nn.ELU, Exponential)  # after a maximum they do what they do before
_POINTWISE = (*_RISING, nn.GELU, nn.SiLU)
_TOGETHER = 3  # bases that are looked up as one

UNKNOWN = 4
"""Code of an unknown base."""

_LETTERS = UNKNOWN + 1
_FLOATS = 2**20  # of a map at a time


@dataclass(frozen=True)
class Whole:
    """What a layer makes of sequences.

    Attributes
    ----------
    value
        (n, margin + place + ..., channel)
    margin, length
        Places before the first, and places.
    bounded
        Whether all other places hold `BEYOND`, or twice that.
    """

    value: Tensor
    margin: int
    length: int
    bounded: bool = True

    @property
    def inside(self) -> Tensor:  # (n, place, channel)
        """The places alone."""
        return self.value[:, self.margin : self.margin + self.length]

    def fitted(self, margin: int, unit: int) -> Whole:
        """Return the same with another margin, bounded, for cells of `unit` places."""
        total = 2 * margin + unit * math.ceil(self.length / unit)
        as_asked = self.margin == margin and self.value.shape[1] == total
        if as_asked and (self.bounded or total == self.length):
            return self
        n, _, channels = self.value.shape
        value = self.value.new_full((n, total, channels), BEYOND)
        value[:, margin : margin + self.length] = self.inside
        return Whole(value, margin, self.length)


def pooled(value: Tensor, size: int) -> Tensor:  # (n, place, channel)
    """Return the maxima of cells; their size divides the places."""
    if value.is_contiguous():
        return value.unflatten(1, (-1, size)).amax(2)
    return reduce(torch.maximum, (value[:, at::size] for at in range(size)))


class Lookup:
    """A convolution over bases, as sums of rows of tables, and the pooling behind it.

    Parameters
    ----------
    layer
        The convolution.
    pool
        Places that are joined; 1: none.
    """

    def __init__(self, layer: nn.Conv1d, pool: int = 1) -> None:
        weight = layer.weight.detach()
        channels, _, self.width = weight.shape
        self.padding, self.pool = int(layer.padding[0]), pool
        self.n_table = math.ceil(self.width / _TOGETHER)
        spare = self.n_table * _TOGETHER - self.width
        taps = functional.pad(weight.permute(2, 1, 0), (0, 0, 0, 1, 0, spare))
        tables = taps.unflatten(0, (-1, _TOGETHER))  # of (letter, channel)
        rows = tables[:, 0]
        for place in range(1, _TOGETHER):
            rows = (rows[:, :, None] + tables[:, place, None]).flatten(1, 2)
        if layer.bias is not None:
            rows[0] += layer.bias.detach()
        self.rows = rows.reshape(-1, channels).contiguous()

    def __call__(self, codes: Tensor, margin: int = 0, unit: int = 1) -> Whole:
        """Return the map of codes (n, length)."""
        places = self.places(codes.shape[1])
        cells = math.ceil(places / self.pool)
        n_place = cells * self.pool
        after = self.read(n_place) - self.padding - codes.shape[1]
        padded = functional.pad(codes.int(), (self.padding, after), value=UNKNOWN)
        n, channels = len(codes), self.rows.shape[1]
        made = self.rows.new_empty(
            n, 2 * margin + unit * math.ceil(cells / unit), channels
        )
        made[:, :margin] = BEYOND
        made[:, margin + cells :] = BEYOND
        step = max(_FLOATS // (n_place * channels), 1)  # the map before the pooling
        for start in range(0, n, step):
            value = self.scores(padded[start : start + step], n_place)
            value[:, places:] = BEYOND
            cut = made[start : start + step, margin : margin + cells]
            cut.copy_(pooled(value, self.pool))
        return Whole(made, margin, cells)

    def places(self, length: int) -> int:
        """Return the places of the convolution of a sequence."""
        return length + 2 * self.padding - self.width + 1

    def read(self, n_place: int) -> int:
        """Return the codes that some places of the convolution read."""
        return n_place + self.n_table * _TOGETHER - 1

    def scores(
        self,
        codes: Tensor,  # (n, read(n_place)) int32
        n_place: int,
    ) -> Tensor:  # (n, n_place, channel)
        """Return the convolution without padding or pooling."""
        n_start = codes.shape[1] - _TOGETHER + 1
        word = codes[:, :n_start]
        for step in range(1, _TOGETHER):
            word = word * _LETTERS + codes[:, step : step + n_start]
        size = _LETTERS**_TOGETHER
        table = torch.arange(0, self.n_table * size, size, dtype=torch.int32)
        shape = len(codes), n_place, self.n_table
        row = word.as_strided(shape, (word.stride(0), 1, _TOGETHER)) + table
        flat = row.reshape(-1, self.n_table)
        found = functional.embedding_bag(flat, self.rows, mode="sum")
        return found.view(len(codes), n_place, -1)


@dataclass(frozen=True)
class Step:
    """One layer that reads a few places each.

    Attributes
    ----------
    module
        Convolution, pooling, or a function of every value; None: a sum.
    pool
        Places that are joined.
    back
        How many maps back lies the other term of the sum.
    spread
        (in, width * out) what a convolution makes of one place, from the last weight to
        the first.
    """

    module: nn.Module | None
    pool: int = 1
    back: int = 0
    spread: Tensor | None = None

    def whole(self, maps: Sequence[Whole], margin: int = 0, unit: int = 1) -> Whole:
        """Return the next map; margin and unit are those of a convolution."""
        last, module = maps[-1], self.module
        if module is None:
            other = maps[-1 - self.back]
            return Whole(other.value + last.value, last.margin, last.length)
        if self.pool > 1:
            last = last.fitted(
                self.pool * math.ceil(last.margin / self.pool), self.pool
            )
            value = pooled(last.value, self.pool)
            margin, length = last.margin // self.pool, last.length / self.pool
            return Whole(value, margin, math.ceil(length))
        if self.spread is not None:
            value = module(last.inside.transpose(1, 2)).transpose(1, 2)
            return Whole(value, 0, value.shape[1]).fitted(margin, unit)
        return Whole(module(last.value), last.margin, last.length, False)


@dataclass(frozen=True)
class Lean:
    """A network that is ready to predict.

    Attributes
    ----------
    first
        The convolution over bases, with its pooling.
    steps
        What follows it as far as every layer reads a few places each.
    rest
        All layers behind: (n, channel, place) to (n, n_output).
    """

    first: Lookup
    steps: tuple[Step, ...]
    rest: nn.Sequential

    def __call__(self, codes: Tensor) -> Tensor:  # (n, length) -> (n, n_output)
        """Return the outputs; unknown bases have code 4."""
        return self.finish(self.first(codes), 0)

    def finish(self, whole: Whole, done: int) -> Tensor:  # (n, n_output)
        """Return the outputs from the map behind the first and some steps."""
        left = self.steps[done:]
        maps = [whole.fitted(0, 1) if left else whole]
        for step in left:
            maps.append(step.whole(maps))
        found: Tensor = self.rest(maps[-1].inside.transpose(1, 2))
        return found


def _keep_memory() -> None:
    """Let the allocator keep what maps leave behind, which costs more than they do.

    glibc returns freed memory to the system, to be cleared and handed out anew, beyond
    twice the size of the largest block that was ever freed, of at most 32 MiB.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)


def lean(network: nn.Sequential) -> Lean:
    """Return a trained network, which begins with a convolution, ready to predict.

    Examples
    --------
    >>> from meristem.sequence.models.networks.cnn import build_cnn
    >>> from meristem.sequence.models.options import NetworkOptions
    >>> network = build_cnn(NetworkOptions(channels=8), 50, 2).eval()
    >>> with torch.no_grad():
    ...     found = lean(network)(torch.full((3, 50), 4))
    ...     slow = network(torch.zeros(3, 4, 50))
    >>> torch.allclose(found, slow, atol=1e-6)
    True
    """
    _keep_memory()
    first, *layers = _folded(list(network))
    if not isinstance(first, nn.Conv1d):
        raise TypeError("the network does not begin with a convolution")
    pool = _pool_size(layers[0])
    layers = layers[pool > 1 :]
    steps: list[Step] = []
    while layers and (own := _steps(layers[0])):
        steps += own
        layers = layers[1:]
    if len(layers) > 1 and isinstance(layers[0], nn.Flatten):
        layers[:2] = _read_by_place(layers[1], first.out_channels)
    return Lean(Lookup(first, pool), tuple(steps), nn.Sequential(*layers))


class _ByPlace(nn.Module):
    """All values, place by place."""

    def forward(self, x: Tensor) -> Tensor:  # (n, channel, place)
        """Return (n, place * channel)."""
        return x.transpose(1, 2).flatten(1)


def _read_by_place(layer: nn.Module, channels: int) -> list[nn.Module]:
    """Return layers that read values as they lie, for one that reads by channel."""
    if not isinstance(layer, nn.Linear):
        return [nn.Flatten(), layer]
    made = copy.deepcopy(layer)
    weight = layer.weight.detach().unflatten(1, (channels, -1)).transpose(1, 2)
    made.weight = nn.Parameter(weight.flatten(1), requires_grad=False)
    return [_ByPlace(), made]


def _folded(layers: Sequence[nn.Module]) -> list[nn.Module]:
    """Return layers without norms behind convolutions, and without dropout."""
    found: list[nn.Module] = []
    for layer in layers:
        last = found[-1] if found else None
        if isinstance(layer, nn.Dropout):
            continue
        if isinstance(layer, nn.BatchNorm1d) and isinstance(last, nn.Conv1d):
            found[-1] = fuse_conv_bn_eval(last, layer)
        elif isinstance(layer, nn.BatchNorm1d) and isinstance(last, nn.Linear):
            found[-1] = fuse_linear_bn_eval(last, layer)
        elif _pool_size(layer) > 1 and isinstance(last, _RISING):
            found[-1:] = [layer, last]  # fewer values to bend
        elif isinstance(layer, Dilated | Block):
            made = copy.deepcopy(layer)
            made.inside = nn.Sequential(*_folded(list(layer.inside)))
            found.append(made)
        else:
            found.append(layer)
    return found


def _steps(layer: nn.Module) -> list[Step]:
    """Return a layer as steps; none where it reads all places."""
    if isinstance(layer, Dilated):
        inside = [step for own in layer.inside for step in _steps(own)]
        return [*inside, Step(None, back=len(inside))]
    if (size := _pool_size(layer)) > 1:
        return [Step(layer, size)]
    if isinstance(layer, nn.Conv1d) and layer.groups == 1:
        spread = layer.weight.detach().flip(2).permute(1, 2, 0).flatten(1)
        return [Step(layer, spread=spread)]
    return [Step(layer)] if isinstance(layer, _POINTWISE) else []


def _pool_size(layer: nn.Module) -> int:
    """Return the places that `blocks.pooling` joins; 1 for any other layer."""
    if isinstance(layer, nn.MaxPool1d) and layer.ceil_mode:
        return int(layer.kernel_size)  # type: ignore[arg-type]
    return 1
