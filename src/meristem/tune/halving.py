"""A generation of a search, halved: a short training of all, a full one of the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from meristem.records import FloatArray

SHORT = 0.25
"""Length of the first training of a point, as a share of the usual one."""


def halve(
    candidates: Sequence[Any],
    score: Callable[[Any, float], float],
    worst: float,
) -> FloatArray:  # (n_candidate,)
    """Return rewards; those that fall out keep what their short training gave.

    Parameters
    ----------
    candidates
        What is compared; a single one is trained in full at once.
    score
        Takes a candidate and the share of the usual length that it is trained for.
    worst
        Least reward there is.

    References
    ----------
    Jamieson & Talwalkar 2016, AISTATS (successive halving).

    Examples
    --------
    >>> halve([1.0, 2.0, 3.0, 4.0], lambda x, share: x * share, 0.0).round(3).tolist()
    [0.25, 0.5, 3.0, 4.0]
    """
    if len(candidates) == 1:
        return np.array([score(candidates[0], 1.0)])
    reward = np.array([score(one, SHORT) for one in candidates])
    kept = np.argsort(-reward, kind="stable")[: -(-len(candidates) // 2)]
    floor = reward[kept].min()
    for place in kept:
        reward[place] = score(candidates[int(place)], 1.0)
    # a point that fell out must not pass one that was trained in full
    fallen = np.setdiff1d(np.arange(len(candidates)), kept)
    least = min(floor, reward[kept].min()) - 1e-6
    reward[fallen] = np.maximum(np.minimum(reward[fallen], least), worst)
    return reward
