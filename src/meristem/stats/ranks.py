"""Ranks of values; here, because SciPy's come with all its distributions."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray


def average_ranks(values: FloatArray) -> FloatArray:  # (n,) 1..n
    """Return the ranks of values, flattened, ties at their mean rank.

    Examples
    --------
    >>> average_ranks(np.array([0.3, 0.1, 0.3, 0.7])).tolist()
    [2.5, 1.0, 2.5, 4.0]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place.ravel()]


def ordinal_ranks(values: FloatArray) -> IntArray:  # (n,) 1..n
    """Return the ranks of values, ties in their order.

    Examples
    --------
    >>> ordinal_ranks(np.array([0.3, 0.1, 0.3, 0.7])).tolist()
    [2, 1, 3, 4]
    """
    order = np.argsort(values, kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(1, order.size + 1)
    return rank
