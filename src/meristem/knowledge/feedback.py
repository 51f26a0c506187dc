"""Edges that join a node to itself or close a cycle: refused, or dropped and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import sparse

from meristem.errors import KnowledgeError
from meristem.knowledge.graph import GENERIC_KIND, KnowledgeGraph, make_graph
from meristem.knowledge.levels import find_cycle, node_levels
from meristem.records import IntArray

_SHOWN = 5


@dataclass(frozen=True)
class EdgeList:
    """Edges from cause to effect as they stand in one file, and lone nodes."""

    path: str
    cause: tuple[str, ...]
    effect: tuple[str, ...]
    kind: tuple[str, ...]
    sign: tuple[int, ...]  # -1, 0 unknown, +1
    line: tuple[int, ...]
    lone: tuple[str, ...] = ()

    def take(self, keep: Sequence[bool]) -> EdgeList:
        """Return some of the edges."""
        names = ("cause", "effect", "kind", "sign", "line")
        kept: dict[str, Any] = {
            name: tuple(
                value
                for value, kept in zip(getattr(self, name), keep, strict=True)
                if kept
            )
            for name in names
        }
        lone = [
            name
            for cause, effect, kept in zip(self.cause, self.effect, keep, strict=True)
            if not kept
            for name in (cause, effect)
        ]
        return replace(self, **kept, lone=(*self.lone, *lone))

    def graph(self) -> KnowledgeGraph:
        """Return the edges as a graph.

        Raises
        ------
        KnowledgeError
            If they close a cycle.
        """
        names = (*self.cause, *self.effect, *self.lone)
        return make_graph(
            dict.fromkeys(names, GENERIC_KIND),
            self.cause,
            self.effect,
            edge_kind=self.kind,
            edge_sign=self.sign,
            source=self.path,
        )


def without_feedback(
    lists: Sequence[EdgeList], choice: Literal["refuse", "break"]
) -> tuple[list[EdgeList], tuple[str, ...]]:
    """Return the edges without loops and cycles, and a note of what was dropped.

    Parameters
    ----------
    lists
        Edges of all files, which are looked at together.
    choice
        `break` drops edges that join a node to itself, and those that lead back to
        a node from which the search (depth first, in the order of the files) came.

    Raises
    ------
    KnowledgeError
        If `choice` is `refuse` and there is any such edge; all are named.

    Examples
    --------
    >>> ring = EdgeList("f", ("a", "b", "c"), ("b", "a", "c"), ("",) * 3, (0,) * 3,
    ...                 (2, 3, 4))
    >>> kept, notes = without_feedback([ring], "break")
    >>> kept[0].cause, len(notes)
    (('a',), 2)
    """
    cause = [name for edges in lists for name in edges.cause]
    effect = [name for edges in lists for name in edges.effect]
    place = [(edges.path, line) for edges in lists for line in edges.line]
    number = {name: n for n, name in enumerate(dict.fromkeys([*cause, *effect]))}
    source = np.array([number[name] for name in cause], dtype=np.int64)
    target = np.array([number[name] for name in effect], dtype=np.int64)
    loop = source == target
    back = _closing_edges(len(number), source, target, ~loop)
    notes = _sign_notes(lists)
    if not loop.any() and not back.any():
        return list(lists), notes
    if choice == "refuse":
        _refuse(list(number), source, target, loop, place)

    def shown(some: np.ndarray) -> str:
        rows = np.flatnonzero(some)
        named = [f"{cause[n]} -> {effect[n]} (line {place[n][1]})" for n in rows]
        more = f" and {rows.size - _SHOWN} more" if rows.size > _SHOWN else ""
        return ", ".join(named[:_SHOWN]) + more

    what = ((loop, "join a node to itself"), (back, "closed a cycle"))
    dropped = tuple(
        f"dropped {int(some.sum())} edges that {why}: {shown(some)}"
        for some, why in what
        if some.any()
    )
    keep = ~(loop | back)
    ends = np.cumsum([len(edges.line) for edges in lists])[:-1]
    parts = np.split(keep, ends)
    kept = [edges.take(part.tolist()) for edges, part in zip(lists, parts, strict=True)]
    return kept, (*notes, *dropped)


def _refuse(
    names: list[str],
    source: IntArray,
    target: IntArray,
    loop: np.ndarray,
    place: list[tuple[str, int]],
) -> None:
    faults = [
        f"{names[source[row]]!r} has an edge to itself (line {place[row][1]})"
        for row in np.flatnonzero(loop)
    ]
    one, two = source[~loop], target[~loop]
    component = _components(len(names), one, two)
    ring = component[one] == component[two]
    for group in np.unique(component[one[ring]]):
        inside = ring & (component[one] == group)
        level = node_levels(len(names), one[inside], two[inside])
        path = find_cycle(one[inside], two[inside], level)
        faults.append(
            f"the graph has a cycle: {' -> '.join(names[node] for node in path)}"
        )
    more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    raise KnowledgeError(
        "; ".join(faults[:_SHOWN]) + more,
        where=" + ".join(dict.fromkeys(path for path, _ in place)),
        remedy="a network needs a direction: remove these edges, or set "
        '`knowledge.feedback = "break"` to have them dropped',
    )


def _components(n_node: int, source: IntArray, target: IntArray) -> IntArray:
    ones = np.ones(source.size, dtype=bool)
    matrix = sparse.csr_matrix((ones, (source, target)), shape=(n_node, n_node))
    return sparse.csgraph.connected_components(
        matrix, directed=True, connection="strong"
    )[1]


def _closing_edges(
    n_node: int,
    source: IntArray,  # (n_edge,)
    target: IntArray,  # (n_edge,)
    usable: np.ndarray,  # (n_edge,) of bool
) -> np.ndarray:  # (n_edge,) of bool
    """Return the edges that lead back to a node on the way that led to them."""
    component = _components(n_node, source[usable], target[usable])
    ring = usable & (component[source] == component[target])
    ways: dict[int, list[int]] = {}
    for edge in np.flatnonzero(ring).tolist():
        ways.setdefault(int(source[edge]), []).append(edge)
    back = np.zeros(source.size, dtype=bool)
    done: set[int] = set()
    for root in ways:
        if root in done:
            continue
        way, on_way = [(root, iter(ways[root]))], {root}
        while way:
            node, edges = way[-1]
            edge = next(edges, -1)
            if edge < 0:
                way.pop()
                on_way.discard(node)
                done.add(node)
                continue
            after = int(target[edge])
            if after in on_way:
                back[edge] = True
            elif after not in done:
                way.append((after, iter(ways.get(after, ()))))
                on_way.add(after)
    return back


def _sign_notes(lists: Sequence[EdgeList]) -> tuple[str, ...]:
    """Return a note of edges that stand with both signs; their sign is unknown."""
    signs: dict[tuple[str, str], set[int]] = {}
    for edges in lists:
        for cause, effect, sign in zip(
            edges.cause, edges.effect, edges.sign, strict=True
        ):
            signs.setdefault((cause, effect), set()).add(sign)
    both = [f"{one} -> {two}" for (one, two), has in signs.items() if {-1, 1} <= has]
    if not both:
        return ()
    return (
        f"{len(both)} edges stand with both signs, so that their sign is unknown: "
        f"{', '.join(both[:_SHOWN])}",
    )
