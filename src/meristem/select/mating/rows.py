"""Limits of a mating plan as rows over its crosses."""

from __future__ import annotations

import numpy as np
import scipy

from meristem.records import IntArray
from meristem.select.mating.limits import MatingLimits
from meristem.select.records import Crosses


def use_counts(
    crosses: Crosses, columns: IntArray, n: int
) -> scipy.sparse.csr_array:  # (n, n_column)
    """Return how often each cross uses each parent."""
    return _ones(crosses.first[columns], n) + _ones(crosses.second[columns], n)


def _ones(parent: IntArray, n: int) -> scipy.sparse.csr_array:
    place = (parent, np.arange(parent.size))
    return scipy.sparse.csr_array((np.ones(parent.size), place), (n, parent.size))


def seed_parents(
    crosses: Crosses,
    columns: IntArray,
    pool: IntArray | None,  # (n,)
) -> IntArray:  # (n_column,)
    """Return the parent that bears the seed: that of pool 0, or the first."""
    first, second = crosses.first[columns], crosses.second[columns]
    return first if pool is None else np.where(pool[first] == 0, first, second)


def over_crosses(
    rows: scipy.sparse.csr_array,  # (n_row, n_parent)
    crosses: Crosses,
    columns: IntArray,
    limits: MatingLimits,
) -> scipy.sparse.csr_array:  # (n_row, n_column), or (n_row + n_parent, n_column)
    """Return rows over parents as rows over crosses, with seed limits below."""
    n = rows.shape[1]
    made = rows @ use_counts(crosses, columns, n)
    if limits.seeds is not None:
        seeds = _ones(seed_parents(crosses, columns, limits.pool), n)
        made = scipy.sparse.vstack([made, seeds])
    return scipy.sparse.csr_array(made)


def parents_used(
    uses: scipy.sparse.csr_array,  # (n_parent, n_column)
    limits: MatingLimits,
) -> list[scipy.optimize.LinearConstraint]:
    """Return limits on how many parents are used, and how often at least.

    Behind the crosses, a variable for each parent says whether it is used.
    """
    n = uses.shape[0]
    eye = scipy.sparse.eye_array(n)
    most = limits.n_cross if limits.max_uses is None else limits.max_uses
    made = [
        scipy.optimize.LinearConstraint(
            scipy.sparse.hstack([uses, -most * eye], format="csr"), -np.inf, 0
        ),
        scipy.optimize.LinearConstraint(
            scipy.sparse.hstack([uses, -limits.min_uses * eye], format="csr"),
            0,
            np.inf,
        ),
    ]
    if limits.max_parents is not None:
        one = np.concatenate([np.zeros(uses.shape[1]), np.ones(n)])
        made.append(scipy.optimize.LinearConstraint(one[None], 0, limits.max_parents))
    return made
