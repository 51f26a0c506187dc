"""Levels of a directed graph given as index arrays, and the cycle that forbids them."""

from __future__ import annotations

import numpy as np

from meristem.records import IntArray


def node_levels(
    n_node: int,
    edge_source: IntArray,  # (n_edge,)
    edge_target: IntArray,  # (n_edge,)
) -> IntArray:  # (n_node,)
    """Return 1 + the highest level of the causes of each node, 0 without causes.

    Nodes on a cycle, and nodes that follow from one, get -1.

    References
    ----------
    Kahn 1962, Communications of the ACM 5:558: peel off nodes without open causes.

    Examples
    --------
    >>> import numpy as np
    >>> node_levels(3, np.array([0, 1, 0]), np.array([1, 2, 2])).tolist()
    [0, 1, 2]
    """
    order = np.argsort(edge_source, kind="stable")
    target = edge_target[order]
    first = np.searchsorted(edge_source[order], np.arange(n_node + 1))
    open_causes = np.bincount(edge_target, minlength=n_node)
    level = np.full(n_node, -1, dtype=np.int64)
    frontier = np.flatnonzero(open_causes == 0)
    depth = 0
    while frontier.size:
        level[frontier] = depth
        position = expand_ranges(first[frontier], first[frontier + 1])
        reached, count = np.unique(target[position], return_counts=True)
        open_causes[reached] -= count
        frontier = reached[open_causes[reached] == 0]
        depth += 1
    return level


def expand_ranges(
    start: IntArray,  # (n_range,)
    stop: IntArray,  # (n_range,) excluded
) -> IntArray:  # (sum of lengths,)
    """Return start[0]..stop[0]-1, start[1]..stop[1]-1, ... in one array.

    Examples
    --------
    >>> import numpy as np
    >>> expand_ranges(np.array([5, 2]), np.array([7, 3])).tolist()
    [5, 6, 2]
    """
    length = np.maximum(stop - start, 0)
    offset = np.cumsum(length) - length
    return np.arange(int(length.sum())) + np.repeat(start - offset, length)


def find_cycle(
    edge_source: IntArray,  # (n_edge,)
    edge_target: IntArray,  # (n_edge,)
    level: IntArray,  # (n_node,) of node_levels
) -> list[int]:
    """Return the nodes of one cycle in order, the first repeated at the end."""
    causes: dict[int, int] = {}
    for source, target in zip(edge_source.tolist(), edge_target.tolist(), strict=True):
        if level[source] < 0 and level[target] < 0:
            causes.setdefault(target, source)
    node = min(causes)
    seen: list[int] = []
    while node not in seen:
        seen.append(node)
        node = causes[node]
    cycle = seen[seen.index(node) :] + [node]
    return cycle[::-1]
