"""The first few variants of every feature, neighbours in disequilibrium left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from meristem.records import IntArray


def keep_best(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    feature: IntArray,  # (n_pair,) sorted
    variant: IntArray,  # (n_pair,) best first within a feature
    n_keep: int,
    max_r2: float = 1.0,
) -> IntArray:  # (n_kept,)
    """Return the pairs to keep: at most `n_keep` per feature, in their order.

    Parameters
    ----------
    call_dosage
        Training rows; missing calls count as the mean.
    feature, variant
        Ranked pairs.
    n_keep
        Pairs kept per feature.
    max_r2
        A variant whose squared correlation with a kept one exceeds this is left out;
        1 keeps all.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0, 0, 2], [1, 1, 0], [2, 2, 0]], dtype=np.int8)
    >>> keep_best(x, np.array([0, 0, 0]), np.array([0, 1, 2]), 2, 0.9).tolist()
    [0, 2]
    """
    if max_r2 >= 1:
        first = np.searchsorted(feature, feature, side="left")
        return np.flatnonzero(np.arange(feature.size) - first < n_keep)
    kept = [np.zeros(0, dtype=np.int64)]
    starts = np.flatnonzero(np.diff(feature, prepend=-1))
    for low, high in pairwise([*starts.tolist(), feature.size]):
        inside = _thin(call_dosage[:, variant[low:high]], n_keep, max_r2)
        kept.append(low + inside)
    return np.concatenate(kept)


def _thin(
    calls: NDArray[np.int8],  # (n_sample, n_candidate) best first
    n_keep: int,
    max_r2: float,
) -> IntArray:
    """Take one candidate after the other that no kept one explains."""
    missing = calls < 0
    count = np.maximum((~missing).sum(axis=0), 1)
    mean = np.where(missing, 0.0, calls).sum(axis=0) / count
    centred = np.where(missing, 0.0, calls - mean)
    size = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    unit = centred / np.where(size > 0, size, 1.0)
    r2 = (unit.T @ unit) ** 2
    chosen: list[int] = []
    for candidate in range(calls.shape[1]):
        if len(chosen) == n_keep:
            break
        if np.all(r2[candidate, chosen] <= max_r2):
            chosen.append(candidate)
    return np.array(chosen, dtype=np.int64)
