"""Place the nodes of a layered graph: which are shown, in which row, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SWEEPS = 6
TRAIT = ""  # the end of a link to what the whole network predicts
MARGIN = 8.0  # px at both sides, for lines that pass the outermost boxes


@dataclass(frozen=True)
class Node:
    """A node of the network as `network.json` describes it."""

    name: str
    label: str  # readable name
    kind: str
    level: int
    n_variants: int
    n_parents: int
    sensitivity: float  # 0 to 1, NaN unknown


@dataclass(frozen=True)
class Placed:
    """A node with its place in px (centre)."""

    node: Node
    row: int  # counted from the bottom
    x: float


@dataclass(frozen=True)
class Layout:
    """Nodes shown, edges among them, and how many of each level are not shown."""

    placed: dict[str, Placed]
    rows: tuple[tuple[str, ...], ...]  # names from left to right, bottom row first
    row_level: tuple[int, ...]  # level of each row
    edges: tuple[tuple[str, str], ...]
    hidden: dict[int, int]  # level -> nodes not shown
    heads: tuple[str, ...]  # nodes shown that no node reads: the trait does
    width: float  # px

    def is_last_row(self, row: int) -> bool:
        """Return whether `row` is the topmost of its level."""
        return _is_last(row, self.row_level)

    def slots(self, row: int) -> int:
        """Return the boxes in a row, the one that counts hidden nodes included."""
        extra = bool(self.hidden[self.row_level[row]]) and self.is_last_row(row)
        return max(1, len(self.rows[row]) + extra)

    def centres(self, row: int) -> list[float]:
        """Return the middles of the boxes of a row in px, left to right."""
        return [_middle(self.width, k, self.slots(row)) for k in range(self.slots(row))]

    def box_width(self, row: int) -> float:
        """Return the width of the boxes of a row in px."""
        return min(150.0, (self.width - 2 * MARGIN) / self.slots(row) - 14)


def choose(
    nodes: list[Node], edges: list[tuple[str, str]], per_level: int
) -> tuple[dict[int, list[Node]], dict[int, int]]:
    """Return the nodes of each level worth showing, and how many are left out.

    From the top down: those that feed a node already chosen come first, then the
    more sensitive, then those with more variants.
    """
    children: dict[str, set[str]] = {}
    for source, target in edges:
        children.setdefault(source, set()).add(target)
    levels: dict[int, list[Node]] = {}
    for node in nodes:
        levels.setdefault(node.level, []).append(node)
    shown: set[str] = set()
    chosen: dict[int, list[Node]] = {}
    hidden: dict[int, int] = {}
    for level in sorted(levels, reverse=True):
        members = levels[level]
        room = per_level if len(members) <= per_level else per_level - 1
        ranked = sorted(members, key=lambda n: _rank(n, children, shown))
        kept = {node.name for node in ranked[:room]}
        chosen[level] = [node for node in members if node.name in kept]
        shown |= kept
        hidden[level] = len(members) - len(kept)
    return chosen, hidden


def _rank(node: Node, children: dict[str, set[str]], shown: set[str]) -> tuple:
    reads = children.get(node.name, set())
    linked = not reads or bool(reads & shown)
    known = node.sensitivity if np.isfinite(node.sensitivity) else -1.0
    return (not linked, -known, -(node.n_variants + node.n_parents), node.name)


def place(
    nodes: list[Node],
    edges: list[tuple[str, str]],
    width: float,
    per_row: int,
    rows_per_level: int,
) -> Layout:
    """Place a graph in rows, sources at the bottom, crossings few.

    Parameters
    ----------
    nodes, edges
        The graph; edges are (source, target) names.
    width
        Room in px.
    per_row, rows_per_level
        How many nodes are shown at most.

    Returns
    -------
    Layout
        Places; nodes that do not fit are counted in `hidden`.
    """
    chosen, hidden = choose(nodes, edges, per_row * rows_per_level)
    by_name = {node.name: node for level in chosen.values() for node in level}
    kept = tuple((s, t) for s, t in edges if s in by_name and t in by_name)
    order = {
        level: [node.name for node in members] for level, members in chosen.items()
    }
    for sweep in range(SWEEPS):
        _sort_levels(order, kept, upwards=sweep % 2 == 0)
    rows: list[list[str]] = []
    row_level: list[int] = []
    for level in sorted(order):
        names = order[level]
        slots = len(names) + bool(hidden[level])
        count = max(1, -(-slots // per_row))
        for part in range(count):
            rows.append(names[part::count])
            row_level.append(level)
    placed: dict[str, Placed] = {}
    for row, names in enumerate(rows):
        extra = bool(hidden[row_level[row]]) and _is_last(row, row_level)
        slots = len(names) + extra
        for position, name in enumerate(names):
            x = _middle(width, position, slots)
            placed[name] = Placed(by_name[name], row, x)
    reading = {source for source, _ in edges}
    heads = tuple(name for name in placed if name not in reading)
    return Layout(
        placed, tuple(map(tuple, rows)), tuple(row_level), kept, hidden, heads, width
    )


def links_through(
    edges: Iterable[tuple[str, str]], shown: Mapping[str, Placed]
) -> list[tuple[str, str]]:
    """Return links through nodes that are not shown, for nodes that would float.

    A node shown without a shown reader is linked to the nearest shown node that it
    reaches; one that reads nodes but none of the shown ones, to the nearest that
    reaches it.

    Parameters
    ----------
    edges
        (source, target) names of the whole network; `TRAIT` as a target is the trait.
    shown
        Names of the nodes shown.

    Examples
    --------
    >>> links_through([("a", "b"), ("b", "c")], {"a": None, "c": None})
    [('a', 'c')]
    """
    readers: dict[str, list[str]] = {}
    inputs: dict[str, list[str]] = {}
    for source, target in edges:
        readers.setdefault(source, []).append(target)
        inputs.setdefault(target, []).append(source)
    ends = {*shown, TRAIT}
    links = set()
    for name in shown:
        reader = _nearest(name, readers, ends)
        if reader is not None and not ends & set(readers[name]):
            links.add((name, reader))
        origin = _nearest(name, inputs, ends)
        if origin is not None and not ends & set(inputs[name]):
            links.add((origin, name))
    return sorted(links)


def _nearest(name: str, steps: dict[str, list[str]], ends: set[str]) -> str | None:
    """Return the first of the `ends` on the ways from a node."""
    seen, front = {name}, {name}
    while front:
        reached = {other for one in front for other in steps.get(one, ())}
        if reached & ends:
            return min(reached & ends)
        front = reached - seen
        seen |= front
    return None


def _middle(width: float, position: int, slots: int) -> float:
    return MARGIN + (width - 2 * MARGIN) * (position + 0.5) / max(slots, 1)


def _is_last(row: int, row_level: Sequence[int]) -> bool:
    return row + 1 == len(row_level) or row_level[row + 1] != row_level[row]


def _sort_levels(
    order: dict[int, list[str]], edges: tuple[tuple[str, str], ...], upwards: bool
) -> None:
    """Sort each level by the mean place of its neighbours on the other side."""
    neighbours: dict[str, list[str]] = {}
    for source, target in edges:
        one, other = (target, source) if upwards else (source, target)
        neighbours.setdefault(one, []).append(other)
    spot = _spots(order)
    for level in sorted(order, reverse=not upwards):
        names = order[level]

        def mean(name: str) -> float:
            linked = neighbours.get(name)
            if not linked:
                return spot[name]  # noqa: B023 - used within the loop alone
            return float(np.mean([spot[other] for other in linked]))  # noqa: B023

        order[level] = sorted(names, key=mean)
        spot = _spots(order)


def _spots(order: Mapping[int, list[str]]) -> dict[str, float]:
    return {
        name: (position + 0.5) / len(names)
        for names in order.values()
        for position, name in enumerate(names)
    }
