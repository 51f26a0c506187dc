"""Which sets of features vary together more than chance and other sets explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from meristem.records import FloatArray
from meristem.representation.sets.decoder import first_component
from meristem.stats.discoveries import benjamini_hochberg

N_RANDOM = 200
"""Random sets of every size."""
SIZES = 12
"""Sizes at which random sets are drawn; others are interpolated."""

SPREAD = 0.2
"""Share of the features over which a common component is spread."""


def active_sets(
    x: FloatArray,  # (n_sample, n_feature) standardised, no gaps
    member: NDArray[np.bool_],  # (n_set, n_feature)
    *,
    rng: np.random.Generator,
    fdr: float = 0.1,
    n_random: int = N_RANDOM,
) -> pd.DataFrame:
    """Test every set for a factor of its own.

    The statistic is the share of a set's variance along its first component. Its null
    is that of random sets of the same size, drawn from the same features, so that
    correlation which all features share counts for nothing. Sets are then taken in
    the order of their p values: each is tested again after the factors of those taken
    before are removed from its features, so that a set that shares features with an
    active one is not called active for that.

    Parameters
    ----------
    x
        Values of training rows.
    member
        Features of every set.
    rng
        Draws the random sets.
    fdr
        False discovery rate (Benjamini-Hochberg) of both tests.
    n_random
        Random sets per size.

    Returns
    -------
    DataFrame
        set (position), size, share, p, q (marginal), p_given (after the sets taken
        before; NaN not reached) and active; in the order of the sets.
    """
    n_set = member.shape[0]
    x = _without_common(x)
    size = member.sum(axis=1)
    share = np.array([_first_share(x[:, row]) for row in member])
    null = _null(x, size, rng, n_random)
    p = np.array([null.p(m, s) for m, s in zip(size, share, strict=True)])
    q = benjamini_hochberg(p)
    candidates = [int(s) for s in np.argsort(p, kind="stable") if q[s] <= fdr]
    p_given = np.full(n_set, np.nan)
    taken: list[int] = []
    cut = float(p[candidates].max()) if candidates else 0.0
    left, now = x, null
    for number in candidates:
        row = member[number]
        p_given[number] = now.p(int(size[number]), _first_share(left[:, row]))
        if p_given[number] > cut:
            continue
        taken.append(number)
        left = _without(left, row)
        now = _null(left, size, rng, n_random)
    active = np.zeros(n_set, dtype=bool)
    active[taken] = True
    return pd.DataFrame(
        {
            "set": np.arange(n_set),
            "size": size,
            "share": share,
            "p": p,
            "q": q,
            "p_given": p_given,
            "active": active,
        }
    )


class _Null:
    """Shares of random sets by size: gamma tails with interpolated moments."""

    def __init__(self, size: FloatArray, mean: FloatArray, sd: FloatArray) -> None:
        self._size, self._mean, self._sd = size, mean, sd

    def p(self, size: int, share: float) -> float:
        """Return the chance of a share as large."""
        mean = float(np.interp(size, self._size, self._mean))
        sd = max(float(np.interp(size, self._size, self._sd)), 1e-9)
        # shares are at least 1 / size: the rest is gamma
        floor = 1.0 / size
        shape = max((mean - floor) / sd, 1e-3) ** 2
        scale = sd**2 / max(mean - floor, 1e-9)
        return float(scipy.stats.gamma.sf(share - floor, shape, scale=scale))


def _null(
    x: FloatArray, size: NDArray, rng: np.random.Generator, n_random: int
) -> _Null:
    sizes = np.unique(size)
    if sizes.size > SIZES:
        sizes = np.unique(sizes[np.linspace(0, sizes.size - 1, SIZES).astype(int)])
    shares = np.array(
        [
            [
                _first_share(x[:, rng.choice(x.shape[1], m, replace=False)])
                for _ in range(n_random)
            ]
            for m in sizes
        ]
    )
    return _Null(sizes.astype(float), shares.mean(axis=1), shares.std(axis=1, ddof=1))


def _first_share(x: FloatArray) -> float:
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    total = float(np.trace(gram))
    if total <= 0:
        return 0.0
    return float(np.linalg.eigvalsh(gram)[-1]) / total


def _without_common(x: FloatArray) -> FloatArray:
    """Return the values without the components that most features share.

    Components of twice the edge of noise (Marchenko & Pastur) count: nearer to it are
    the factors of single sets and of none. Their loadings are spread over more than a
    fifth of the features: (sum l^2)^2 / sum l^4.
    """
    n, p = x.shape
    for _ in range(min(n, p) // 4):
        axis = first_component(x)
        variance = float(((x @ axis) ** 2).mean())
        edge = 2 * (1 + np.sqrt(p / n)) ** 2 * float((x**2).mean())
        spread = 1.0 / float((axis**4).sum())
        if variance <= edge or spread < SPREAD * p:
            break
        x = x - np.outer(x @ axis, axis)
    return x


def _without(x: FloatArray, row: NDArray[np.bool_]) -> FloatArray:
    """Return the values without what the set's factor tells of them."""
    z = x[:, row] @ first_component(x[:, row])
    slope = z @ x / max(float(z @ z), 1e-12)
    return np.asarray(x - np.outer(z, slope))
