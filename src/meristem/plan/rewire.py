"""Random edges as index arrays: degree-preserving swaps, fresh draws, replacements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.records import IntArray

_ROUNDS = 20  # every edge is tried about this often
_ATTEMPTS = 50  # draws for an edge before it is left as it was


def swap_edges(
    source: IntArray,  # (n_edge,)
    target: IntArray,  # (n_edge,)
    group: IntArray,  # (n_edge,) swaps stay within a group
    rng: np.random.Generator,
) -> IntArray:  # (n_edge,) new sources, targets as they were
    """Exchange the sources of random pairs of edges, never making a double edge.

    In each round all edges are paired at random within their group, and each pair
    (a -> b, c -> d) becomes (c -> b, a -> d) unless that edge exists. In- and
    out-degree of every node stay as they are.

    References
    ----------
    Maslov & Sneppen 2002, Science 296:910: random graphs with the same degrees.

    Examples
    --------
    >>> import numpy as np
    >>> source, target = np.arange(6), np.arange(6) // 2
    >>> new = swap_edges(source, target, np.zeros(6, int), np.random.default_rng(0))
    >>> sorted(new.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    source = source.copy()
    if source.size < 2:
        return source
    width = int(target.max()) + 1
    for _ in range(_ROUNDS):
        order = np.lexsort((rng.random(source.size), group))
        order = order[int(rng.integers(2)) :]
        one = order[: order.size // 2 * 2 : 2]
        other = order[1 : order.size // 2 * 2 : 2]
        proposed = np.concatenate(
            [source[other] * width + target[one], source[one] * width + target[other]]
        )
        refused = np.isin(proposed, source * width + target)
        unique, inverse, count = np.unique(
            proposed, return_inverse=True, return_counts=True
        )
        refused |= count[inverse] > 1
        accept = ~(refused[: one.size] | refused[one.size :])
        accept &= group[one] == group[other]
        one, other = one[accept], other[accept]
        source[one], source[other] = source[other], source[one]
    return source


def random_cells(
    n_row: int,
    n_col: int,
    n_edge: int,
    rng: np.random.Generator,
    *,
    cover: bool,
) -> tuple[IntArray, IntArray]:  # each (n_edge,)
    """Draw different cells of a table at random; with `cover`, one in every row.

    Examples
    --------
    >>> import numpy as np
    >>> row, col = random_cells(3, 4, 5, np.random.default_rng(1), cover=True)
    >>> sorted(set(row.tolist())), row.size
    ([0, 1, 2], 5)
    """
    taken = np.zeros(0, dtype=np.int64)
    if cover:
        taken = np.arange(n_row) * n_col + rng.integers(n_col, size=n_row)
    if 2 * n_edge > n_row * n_col:
        free = np.setdiff1d(np.arange(n_row * n_col), taken)
        more = rng.choice(free, size=n_edge - taken.size, replace=False)
        taken = np.concatenate([taken, more])
    while taken.size < n_edge:
        drawn = rng.integers(n_row * n_col, size=n_edge - taken.size)
        taken = np.concatenate([taken, np.setdiff1d(drawn, taken)])
    return taken // n_col, taken % n_col


def replace_sources(
    row: IntArray,  # (n_edge,)
    col: IntArray,  # (n_edge,)
    chosen: NDArray[np.bool_],  # (n_edge,)
    n_choice: IntArray,  # (n_edge,) new columns are drawn from 0..n_choice-1
    rng: np.random.Generator,
) -> IntArray:  # (n_edge,) new columns
    """Draw new columns for the chosen edges, none an edge that was there before.

    An edge for which nothing free is found stays as it was.
    """
    width = int(max(col.max(initial=0), n_choice.max(initial=0))) + 1
    new = col.copy()
    taken = row * width + col
    waiting = np.flatnonzero(chosen & (n_choice > 0))
    for _ in range(_ATTEMPTS):
        if waiting.size == 0:
            break
        drawn = rng.integers(n_choice[waiting])
        key = row[waiting] * width + drawn
        first = np.zeros(waiting.size, dtype=bool)
        first[np.unique(key, return_index=True)[1]] = True
        accept = first & ~np.isin(key, taken)
        new[waiting[accept]] = drawn[accept]
        taken = np.concatenate([taken, key[accept]])
        waiting = waiting[~accept]
    return new
