"""Outputs of a network for sequences with one base changed, by what the base reaches.

A convolution or a pooling layer changes only where the base lies in its reach: all else
is taken from the sequence as it is. The first layer that reads all positions, or whose
reach is the whole sequence, and what follows it, is computed anew. The result is that
of the whole network but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from meristem.sequence.models.networks.lean import (
    BEYOND,
    UNKNOWN,
    Lean,
    Lookup,
    Step,
    Whole,
    pooled,
)

_AT_ONCE = 128  # changes at a time: what fits into a cache


def changed_outputs(
    network: Lean,
    codes: Tensor,  # (n, length)
    row: Tensor,  # (m,) of the sequences
    place: Tensor,  # (m,) of the changed bases, which are known
    base: Tensor,  # (m,) 0 to 3
) -> tuple[Tensor, Tensor]:  # (n, n_output), (m, n_output)
    """Return the raw outputs of sequences, and of each with one base replaced.

    Parameters
    ----------
    network
        Ready to predict.
    codes
        The sequences as they are; 4 where a base is unknown.
    row, place, base
        Which sequence is changed, where, and into what.
    """
    plan = _plan(network, codes.shape[1])
    maps = [network.first(codes, plan.margin[0], plan.unit[0])]
    for number, step in enumerate(plan.steps, 1):
        maps.append(step.whole(maps, plan.margin[number], plan.unit[number]))
    plain = torch.cat(
        [
            network.finish(replace(maps[-1], value=part), len(plan.steps))
            for part in maps[-1].value.split(_AT_ONCE)
        ]
    )
    found = plain.new_empty(len(row), plain.shape[1])
    for phase in range(plan.stride):  # pooling cuts all changes of a phase alike
        members = torch.nonzero(place % plan.stride == phase)[:, 0]
        for part in members.split(_AT_ONCE) if len(members) else ():
            cell = [(place[part] - phase) // plan.first.pool]
            for step in plan.steps:
                cell.append(cell[-1] // step.pool if step.pool > 1 else cell[-1])
            changes = _Changes(maps, row[part], tuple(cell))
            begin = _first_piece(plan, changes, codes, base[part], phase)
            last = _last_piece(plan, changes, begin)
            found[part] = network.finish(changes.whole(last), len(plan.steps))
    return plain, found


@dataclass(frozen=True)
class _Plan:
    """Steps that are computed in part, and where their pieces lie.

    Attributes
    ----------
    first, steps
        As far as they do not reach over a whole sequence.
    unit, margin
        Of every map: the size of the cells that pieces fill, and how far beyond its
        ends they reach.
    """

    first: Lookup
    steps: tuple[Step, ...]
    unit: tuple[int, ...]
    margin: tuple[int, ...] = ()

    @property
    def stride(self) -> int:
        """Bases that all poolings join."""
        return self.first.pool * math.prod(step.pool for step in self.steps)

    def begin(self, low: int, high: int) -> tuple[int, int]:
        """Return what bases from `low` to `high` change in the first map."""
        low += self.first.padding - self.first.width + 1
        high += self.first.padding + 1
        pool = self.first.pool
        return _aligned(low // pool, -(-high // pool), self.unit[0])

    def behind(self, number: int, start: int, end: int) -> tuple[int, int]:
        """Return what a step makes of a piece from `start` to `end`."""
        step = self.steps[number]
        if isinstance(step.module, nn.Conv1d):
            padding, reach = _reach(step.module)
            start, end = start + padding - reach, end + padding
        elif step.pool > 1:
            start, end = start // step.pool, -(-end // step.pool)
        return _aligned(start, end, self.unit[number + 1])

    def extents(self) -> list[tuple[int, int]]:
        """Return what any piece of every map fills."""
        found = [self.begin(0, self.stride - 1)]
        for number in range(len(self.steps)):
            found.append(self.behind(number, *found[-1]))
        return found


def _plan(network: Lean, length: int) -> _Plan:
    first, steps = network.first, network.steps
    plan = _Plan(first, steps, _units(steps))
    n_step, places = 0, math.ceil(first.places(length) / first.pool)
    for step, (start, end) in zip(steps, plan.extents()[1:], strict=True):
        places = math.ceil(places / step.pool)
        if end - start > places:
            break
        n_step += 1
    for number, step in enumerate(steps):
        if number - step.back < n_step <= number:  # never between two terms of a sum
            n_step = number - step.back
    steps = steps[:n_step]
    plan = _Plan(first, steps, _units(steps))
    need = [max(-start, end, 0) for start, end in plan.extents()]
    for number in range(n_step - 1, -1, -1):
        step = steps[number]
        sums = any(other.back for other in steps[number:])  # of maps with equal margins
        if sums or not isinstance(step.module, nn.Conv1d):
            need[number] = max(step.pool * need[number + 1], need[number])
    return replace(plan, margin=tuple(need))


def _units(steps: Sequence[Step]) -> tuple[int, ...]:
    """Return for every map the size of a pooling that follows without a convolution."""
    found = [1]
    for step in reversed(steps):
        passes = step.module is not None and step.spread is None
        found.append(step.pool if step.pool > 1 else found[-1] if passes else 1)
    return tuple(reversed(found))


def _reach(layer: nn.Conv1d) -> tuple[int, int]:
    """Return padding, and places between the first and the last weight."""
    dilation, width = int(layer.dilation[0]), int(layer.kernel_size[0])
    return int(layer.padding[0]), dilation * (width - 1)


def _aligned(start: int, end: int, unit: int) -> tuple[int, int]:
    """Return whole cells of `unit` places around a piece."""
    return unit * (start // unit), -unit * (-end // unit)


@dataclass(frozen=True)
class _Piece:
    """What changes make of a stretch of a map."""

    value: Tensor  # (m, width, channel)
    start: int  # from the cell of every change

    @property
    def end(self) -> int:
        return self.start + self.value.shape[1]


@dataclass(frozen=True)
class _Changes:
    """Maps of sequences as they are, and changes of one phase."""

    maps: Sequence[Whole]
    row: Tensor  # (m,) sequence that is changed
    cell: tuple[Tensor, ...]  # per map (m,) place from which pieces count

    def before(self, number: int, start: int, end: int) -> Tensor:
        """Return a stretch of a map as it is around every change."""
        whole = self.maps[number]
        at = self.row * whole.value.shape[1] + self.cell[number] + whole.margin
        places = at[:, None] + torch.arange(start, end)
        found = whole.value.flatten(0, 1).index_select(0, places.flatten())
        return found.view(len(self.row), end - start, -1)

    def around(self, number: int, piece: _Piece, start: int, end: int) -> Tensor:
        """Return a stretch of a map with the piece in it."""
        if (piece.start, piece.end) == (start, end):
            return piece.value
        found = self.before(number, start, end)
        found[:, piece.start - start : piece.end - start] = piece.value
        return found

    def whole(self, piece: _Piece) -> Whole:
        """Return the last map of the changed sequences."""
        last = self.maps[-1]
        value = last.value.index_select(0, self.row)
        n, total, _ = value.shape
        at = torch.arange(n) * total + self.cell[-1] + last.margin
        places = at[:, None] + torch.arange(piece.start, piece.end)
        value.flatten(0, 1).index_copy_(0, places.flatten(), piece.value.flatten(0, 1))
        return replace(last, value=value)


def _first_piece(
    plan: _Plan, changes: _Changes, codes: Tensor, base: Tensor, phase: int
) -> _Piece:
    """Return what changes make of the first map, from the bases around them."""
    first = plan.first
    start, end = plan.begin(phase, phase)
    n_place, origin = first.pool * (end - start), first.pool * changes.cell[0]
    begin = first.pool * start
    reads = torch.arange(first.read(n_place)) + begin - first.padding
    at = origin[:, None] + reads
    length = codes.shape[1]
    around = codes[changes.row[:, None], at.clamp(0, length - 1)].int()
    around.masked_fill_((at < 0) | (at >= length), UNKNOWN)
    around[:, phase + first.padding - begin] = base.int()
    value = first.scores(around, n_place)
    value = _bounded(value, origin + begin, first.places(length))
    return _Piece(pooled(value, first.pool), start)


def _last_piece(plan: _Plan, changes: _Changes, first: _Piece) -> _Piece:
    """Return what changes make of the last map."""
    pieces = [first]
    for number, step in enumerate(plan.steps):
        last = pieces[-1]
        start, end = plan.behind(number, last.start, last.end)
        if step.module is None:
            far = number - step.back
            value = changes.around(far, pieces[far], start, end) + last.value
        elif isinstance(step.module, nn.Conv1d) and step.spread is not None:
            own = step.module, step.spread
            value = _convolved(own, changes, number, last, (start, end))
        elif step.pool > 1:
            begin = start * step.pool
            value = changes.around(number, last, begin, end * step.pool)
            if not changes.maps[number].bounded:
                place = changes.cell[number] + begin
                value = _bounded(value, place, changes.maps[number].length)
            value = pooled(value, step.pool)
        else:
            value = step.module(last.value)
        pieces.append(_Piece(value, start))
    return pieces[-1]


def _convolved(
    convolution: tuple[nn.Conv1d, Tensor],
    changes: _Changes,
    number: int,
    last: _Piece,
    span: tuple[int, int],
) -> Tensor:
    """Return what a convolution makes of a piece: a change is added."""
    layer, spread = convolution
    padding, reach = _reach(layer)
    change = last.value - changes.before(number, last.start, last.end)
    value = changes.before(number + 1, *span)
    added = (change @ spread).unflatten(2, (-1, value.shape[2]))
    skip = last.start + padding - reach - span[0]
    for place in range(change.shape[1]):
        begin = skip + place
        value[:, begin : begin + reach + 1 : layer.dilation[0]] += added[:, place]
    return value


def _bounded(value: Tensor, start: Tensor, length: int) -> Tensor:
    """Return stretches from `start`, with nothing beyond the ends of their map."""
    place = start[:, None] + torch.arange(value.shape[1])
    outside = (place < 0) | (place >= length)
    if not bool(outside.any()):
        return value
    return value.masked_fill(outside[:, :, None], BEYOND)
