"""Crossing designs: which pairs of given parents are crossed."""

from __future__ import annotations

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.select.ranking.intensity import expected_maximum

Pairs = tuple[IntArray, IntArray]


def half_diallel(parents: IntArray) -> Pairs:
    """Return every pair of parents once, no selfs (Griffing's method 4).

    References
    ----------
    Griffing 1956, Aust J Biol Sci 9:463.

    Examples
    --------
    >>> [p.tolist() for p in half_diallel(np.array([4, 7, 9]))]
    [[4, 4, 7], [7, 9, 9]]
    """
    one, two = np.triu_indices(parents.size, 1)
    return parents[one], parents[two]


def factorial(seed_parents: IntArray, pollen_parents: IntArray) -> Pairs:
    """Return every seed parent with every pollen parent (North Carolina II).

    References
    ----------
    Comstock & Robinson 1948, Biometrics 4:254.

    Examples
    --------
    >>> [p.tolist() for p in factorial(np.array([1, 2]), np.array([5, 6]))]
    [[1, 1, 2, 2], [5, 6, 5, 6]]
    """
    return (
        np.repeat(seed_parents, pollen_parents.size),
        np.tile(pollen_parents, seed_parents.size),
    )


def chain(parents: IntArray) -> Pairs:
    """Return every parent with the next one, and the last with the first.

    Examples
    --------
    >>> [p.tolist() for p in chain(np.array([4, 7, 9]))]
    [[4, 7, 9], [7, 9, 4]]
    """
    if parents.size < 3:
        return half_diallel(parents)
    return parents, np.roll(parents, -1)


def share_progeny(
    mean: FloatArray,  # (n_cross,)
    sd: FloatArray,  # (n_cross,)
    total: int,
    least: int = 1,
) -> IntArray:  # (n_cross,)
    """Share progeny out over crosses so that the best of all are expected to be best.

    Each further one goes where it raises the sum over crosses of the expected best,
    mean + sd e_n, the most; crosses without a known spread share alike.

    Parameters
    ----------
    mean, sd
        Of the progeny of the crosses.
    total
        Progeny of all crosses.
    least
        Of every cross.

    Raises
    ------
    ConfigError
        If there are not enough for all crosses.

    Examples
    --------
    >>> share_progeny(np.zeros(3), np.array([1.0, 2.0, 1.0]), 30, least=5)
    array([ 8, 14,  8])
    """
    n = mean.size
    if total < n * least:
        raise ConfigError(
            f"{total} progeny are not {least} for each of {n} crosses",
            where="crosses.total_progeny",
            remedy=f"give at least {n * least}, or lower min_progeny",
        )
    count = np.full(n, least)
    spread = sd if np.any(sd > 0) else np.ones(n)
    sizes = np.unique(np.round(np.geomspace(1, max(total, 2), 40)).astype(np.int64))
    best = np.interp(
        np.arange(total + 2), sizes, [expected_maximum(k) for k in sizes.tolist()]
    )
    for _ in range(total - n * least):
        count[np.argmax(spread * (best[count + 1] - best[count]))] += 1
    return count
