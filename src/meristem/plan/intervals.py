"""Points and intervals on one contig: who lies in, or next to, whom.

Genes may overlap and nest in any way. Positions count from 0, ends are excluded.
The distance of a position to a gene is 0 inside, otherwise the number of bases to
its nearest base. Everything is sorted once and searched, never compared pairwise.
"""

from __future__ import annotations

import numpy as np

from meristem.knowledge.levels import expand_ranges
from meristem.records import IntArray


def distance_to(
    position: IntArray,  # (n_pair,)
    start: IntArray,  # (n_pair,)
    end: IntArray,  # (n_pair,)
) -> IntArray:  # (n_pair,)
    """Return the distance of positions to genes, pair by pair.

    Examples
    --------
    >>> import numpy as np
    >>> distance_to(np.array([4, 5, 9, 10]), np.full(4, 5), np.full(4, 10)).tolist()
    [1, 0, 0, 1]
    """
    return np.maximum(np.maximum(start - position, position - end + 1), 0)


def pairs_within(
    position: IntArray,  # (n_point,)
    start: IntArray,  # (n_gene,)
    end: IntArray,  # (n_gene,)
    flank: int,
) -> tuple[IntArray, IntArray]:  # each (n_pair,): point, gene
    """Return all pairs of a point and a gene at most `flank` bp apart.

    Examples
    --------
    >>> import numpy as np
    >>> point, gene = pairs_within(
    ...     np.array([3, 12]), np.array([0, 10]), np.array([5, 11]), 2)
    >>> point.tolist(), gene.tolist()
    ([0, 1], [0, 1])
    """
    order = np.argsort(position, kind="stable")
    sorted_position = position[order]
    low = np.searchsorted(sorted_position, start - flank, side="left")
    high = np.searchsorted(sorted_position, end - 1 + flank, side="right")
    point = order[expand_ranges(low, high)]
    gene = np.repeat(np.arange(start.size), np.maximum(high - low, 0))
    return point, gene


def pairs_nearest(
    position: IntArray,  # (n_point,)
    start: IntArray,  # (n_gene,)
    end: IntArray,  # (n_gene,)
    max_distance: int,
) -> tuple[IntArray, IntArray]:  # each (n_pair,): point, gene
    """Return for every point the nearest gene; all of them when several tie.

    Points farther than `max_distance` from every gene get none.
    """
    point, gene = pairs_within(position, start, end, 0)
    outside = np.ones(position.size, dtype=bool)
    outside[point] = False
    free = np.flatnonzero(outside)
    left, left_gene, left_distance = _nearest_left(position[free], end)
    right, right_gene, right_distance = _nearest_right(position[free], start)
    best = np.full(free.size, max_distance, dtype=np.int64)
    np.minimum.at(best, left, left_distance)
    np.minimum.at(best, right, right_distance)
    keep_left = left_distance <= best[left]
    keep_right = right_distance <= best[right]
    return (
        np.concatenate([point, free[left[keep_left]], free[right[keep_right]]]),
        np.concatenate([gene, left_gene[keep_left], right_gene[keep_right]]),
    )


def _nearest_left(
    position: IntArray,  # (n_point,) points inside no gene
    end: IntArray,  # (n_gene,)
) -> tuple[IntArray, IntArray, IntArray]:  # each (n_pair,): point, gene, distance
    """Return the genes with the greatest end at or before each point."""
    order = np.argsort(end, kind="stable")
    ends = end[order]
    count = np.searchsorted(ends, position, side="right")
    has = count > 0
    last = ends[np.maximum(count - 1, 0)] if ends.size else np.zeros_like(position)
    low = np.where(has, np.searchsorted(ends, last, side="left"), 0)
    high = np.where(has, count, 0)
    point = np.repeat(np.arange(position.size), high - low)
    gene = order[expand_ranges(low, high)]
    return point, gene, position[point] - end[gene] + 1


def _nearest_right(
    position: IntArray,  # (n_point,) points inside no gene
    start: IntArray,  # (n_gene,)
) -> tuple[IntArray, IntArray, IntArray]:  # each (n_pair,): point, gene, distance
    """Return the genes with the smallest start after each point."""
    # the same question on the axis read backwards
    return _nearest_left(-position - 1, -start)


def keep_closest(
    point: IntArray,  # (n_pair,)
    gene: IntArray,  # (n_pair,)
    distance: IntArray,  # (n_pair,)
    n_keep: int,
) -> tuple[IntArray, IntArray]:  # each (n_kept,)
    """Keep the `n_keep` closest genes of every point; ties by gene number.

    Examples
    --------
    >>> import numpy as np
    >>> point, gene = keep_closest(
    ...     np.array([0, 0, 0, 1]), np.arange(4), np.array([5, 0, 3, 9]), 2)
    >>> point.tolist(), gene.tolist()
    ([0, 0, 1], [1, 2, 3])
    """
    order = np.lexsort((gene, distance, point))
    ordered = point[order]
    first = np.searchsorted(ordered, ordered, side="left")
    kept = order[np.arange(order.size) - first < n_keep]
    return point[kept], gene[kept]
