"""Crosses with which the search for a mating plan starts."""

from __future__ import annotations

import numpy as np

from meristem.records import IntArray
from meristem.select.records import Crosses

FIRST = 3000
"""Most valuable crosses with which the pricing starts."""

OF_EACH = 8
"""Most valuable crosses of every parent beside them."""


def first_columns(crosses: Crosses, n_sample: int) -> IntArray:  # (n_first,)
    """Return the positions of the best crosses, and of the best of every parent.

    Examples
    --------
    >>> one, two = np.triu_indices(12, 1)
    >>> value = np.arange(66.0)
    >>> crosses = Crosses(one, two, value, value, value, "DH")
    >>> first_columns(crosses, 12).size
    66
    """
    order = np.argsort(-crosses.usefulness, kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    both = np.concatenate([crosses.first, crosses.second])
    by_parent = np.lexsort([np.concatenate([rank, rank]), both])
    start = np.searchsorted(both[by_parent], np.arange(n_sample))
    within = np.arange(both.size) - start[both[by_parent]]
    own = by_parent[within < OF_EACH] % order.size
    return np.union1d(order[:FIRST], own)
