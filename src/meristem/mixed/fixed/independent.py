"""Columns of a design that do not follow from earlier ones."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray

DEPENDENT = 1e-8
"""A column of which others leave less than this share of its length follows from them.
"""


def independent_columns(x: FloatArray) -> IntArray:  # (n, n_fixed) -> (n_kept,)
    """Return the columns that do not follow from earlier ones, n - 2 at most.

    Examples
    --------
    >>> import numpy as np
    >>> one, b = np.ones(6), np.arange(6.0)
    >>> a = np.array([1.0, 0, 1, 0, 1, 1])
    >>> independent_columns(np.column_stack([one, a, 1 - a, b])).tolist()
    [0, 1, 3]
    """
    n, n_fixed = x.shape
    basis = np.empty((n, 0))
    kept: list[int] = []
    for column in range(n_fixed):
        rest = x[:, column]
        for _ in range(2):  # once more: the first pass leaves rounding errors
            rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > DEPENDENT * max(float(np.linalg.norm(x[:, column])), 1e-300):
            basis = np.column_stack([basis, rest / size])
            kept.append(column)
        if len(kept) >= n - 2:
            break
    return np.array(kept, dtype=np.int64)
