"""Layered layout: columns from left to right, few crossings, no overlaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray, IntArray

_SWEEPS = 12


@dataclass(frozen=True)
class Layout:
    """Vertical places of items, and the way of every edge over the columns."""

    y: FloatArray  # (n_item,) centre
    route: tuple[tuple[tuple[int, float], ...], ...]  # per edge: (column, y) between


def spread_out(
    wish: FloatArray,  # (n_item,) wished centres, in the order to keep
    size: FloatArray,  # (n_item,) heights, gaps included
) -> FloatArray:  # (n_item,)
    """Return the centres nearest to the wished ones that keep order and distance.

    References
    ----------
    Pool adjacent violators: Barlow et al. 1972, Statistical Inference under Order
    Restrictions.

    Examples
    --------
    >>> import numpy as np
    >>> spread_out(np.array([0.0, 0.0, 9.0]), np.full(3, 2.0)).tolist()
    [-1.0, 1.0, 9.0]
    """
    offset = np.concatenate([[0.0], np.cumsum((size[1:] + size[:-1]) / 2)])
    blocks: list[list[float]] = []  # sum, count
    for value in (wish - offset).tolist():
        blocks.append([value, 1.0])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    means = [_mean(block) for block in blocks for _ in range(int(block[1]))]
    return np.array(means) + offset


def _mean(block: list[float]) -> float:
    return block[0] / block[1]


def _lanes(
    column: list[int],
    edges: list[tuple[int, int]],
) -> tuple[list[int], list[tuple[int, int]], list[list[int]]]:
    """Give edges that skip columns a lane in each; edges to one target share it."""
    columns = list(column)
    lane: dict[tuple[int, int], int] = {}
    links: dict[tuple[int, int], None] = {}
    ways = []
    for source, target in edges:
        way = []
        before = source
        for place in range(column[source] + 1, column[target]):
            if (target, place) not in lane:
                lane[target, place] = len(columns)
                columns.append(place)
            way.append(lane[target, place])
            links[before, way[-1]] = None
            before = way[-1]
        links[before, target] = None
        ways.append(way)
    return columns, list(links), ways


def _neighbours(n_item: int, links: list[tuple[int, int]]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(n_item)]
    for source, target in links:
        found[source].append(target)
        found[target].append(source)
    return found


def layered(
    column: list[int],
    size: list[float],
    edges: list[tuple[int, int]],
    lane_size: float,
) -> Layout:
    """Place items in their columns.

    Parameters
    ----------
    column
        Column of every item, growing along every edge.
    size
        Height of every item with the gap around it.
    edges
        Pairs of items.
    lane_size
        Height of the gap that an edge gets in a column it skips.

    Returns
    -------
    Layout
        Centres, and where each edge passes the columns it skips.

    References
    ----------
    Sugiyama, Tagawa & Toda 1981, IEEE Trans. SMC 11:109: layers, dummy nodes,
    barycentres.
    """
    columns, links, ways = _lanes(column, edges)
    sizes = np.array([*size, *[lane_size] * (len(columns) - len(column))])
    neighbours = _neighbours(len(columns), links)
    place_of = np.array(columns)
    members = [np.flatnonzero(place_of == here) for here in np.unique(place_of)]
    y = np.zeros(len(columns))
    for group in members:
        y[group] = _centred(sizes[group])
    for sweep in range(2 * _SWEEPS):
        forward = sweep % 2 == 0
        for group in members if forward else members[::-1]:
            wish = _wishes(group, columns, neighbours, y, sweep)
            order = np.lexsort((y[group], wish))
            y[group[order]] = spread_out(wish[order], sizes[group[order]])
    route = tuple(
        tuple((columns[lane], float(y[lane])) for lane in way) for way in ways
    )
    return Layout(y[: len(column)], route)


def _centred(size: FloatArray) -> FloatArray:
    place = np.cumsum(size) - size / 2
    return place - size.sum() / 2


def _wishes(
    group: IntArray,
    columns: list[int],
    neighbours: list[list[int]],
    y: FloatArray,
    sweep: int,
) -> FloatArray:
    """Return the mean height of neighbours: one side first, both sides at the end."""
    both = sweep >= _SWEEPS
    side = -1 if sweep % 2 == 0 else 1
    wish = []
    for item in group.tolist():
        seen = [
            y[other]
            for other in neighbours[item]
            if both or (columns[other] - columns[item]) * side > 0
        ]
        wish.append(float(np.mean(seen)) if seen else float(y[item]))
    return np.array(wish)
