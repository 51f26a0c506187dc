"""Ordered classes as cuts of a normal liability: one more draw before each sweep.

y = k where t_(k-1) < l <= t_k, l = mu + g + e, var(e) = 1 / weight; t_1 = 0. The other
thresholds are drawn with the liabilities integrated out, which mixes far better than
given them.

References
----------
Albert & Chib 1993, JASA 88:669 (augmentation); Cowles 1996, Stat Comput 6:101 (cuts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from meristem.mixed.gibbs.markers import ChainRows, MarkerSampler
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.records import FloatArray, IntArray

_STRIDE = 0.05
"""Sd of the proposed change of the logarithm of a distance between thresholds."""


@dataclass
class LiabilityState:
    """State of the inner sampler, and thresholds, in place."""

    inner: Any
    cut: FloatArray  # (n_column, n_class - 1), the first one 0


@dataclass(frozen=True)
class LiabilitySampler:
    """Any sampler, of classes instead of values; its noise is fixed at 1."""

    inner: MarkerSampler | KernelSampler
    code: IntArray  # (n,) class of every row, 0 to n_class - 1, each occurs

    def init(self, rng: np.random.Generator) -> LiabilityState:
        """Return a state to start from: thresholds by the shares of classes."""
        cut = start_thresholds(np.bincount(self.code) / self.code.size)
        n_column = self.inner.rows.n_column
        return LiabilityState(
            self.inner.init(rng), np.tile(cut - cut[0], (n_column, 1))
        )

    def sweep(self, state: LiabilityState, rng: np.random.Generator) -> None:
        """Draw thresholds, liabilities, and everything else once."""
        rows = self.inner.rows
        centre = self.inner.fitted(state.inner) / rows.root
        if state.cut.shape[1] > 1:
            state.cut = self._draw_cuts(state.cut, centre, rng)
        low, high = self._bounds(state.cut, centre)
        liability = rows.root * centre + truncated_normal(low, high, rng)
        if rows.mask is not None:
            liability *= rows.mask
        self.inner.redraw(state.inner, liability)
        self.inner.sweep(state.inner, rng)

    def _bounds(
        self, cut: FloatArray, centre: FloatArray
    ) -> tuple[FloatArray, FloatArray]:  # each (n_column, n)
        """Return the ends of each class, from the expected liability, in sd."""
        ends = np.pad(cut, ((0, 0), (1, 1)), constant_values=(-np.inf, np.inf))
        root = self.inner.rows.root
        low, high = ends[:, self.code], ends[:, self.code + 1]
        return root * (low - centre), root * (high - centre)

    def _draw_cuts(
        self, cut: FloatArray, centre: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        gaps = np.diff(cut, axis=1)
        factor = np.exp(_STRIDE * rng.standard_normal(gaps.shape))
        steps = np.cumsum(gaps * factor, axis=1)
        proposed = np.concatenate([cut[:, :1], steps], axis=1)
        gain = np.log(factor).sum(axis=1)  # thresholds themselves have a flat prior
        gain += self._log_likelihood(proposed, centre)
        gain -= self._log_likelihood(cut, centre)
        taken = np.log(rng.random(gain.size)) < gain
        return np.where(taken[:, None], proposed, cut)

    def _log_likelihood(self, cut: FloatArray, centre: FloatArray) -> FloatArray:
        low, high = self._bounds(cut, centre)
        chance = log_between(low, high)
        mask = self.inner.rows.mask
        return (chance if mask is None else chance * mask).sum(axis=1)

    def values(self, state: LiabilityState) -> FloatArray:  # (n_column, n)
        """Return mu + g of the rows, on the liability."""
        return self.inner.values(state.inner)

    def coefficients(self, state: LiabilityState) -> NDArray[np.floating[Any]]:
        """Return what predicts the liability of other rows."""
        return self.inner.coefficients(state.inner)

    def inclusion(self, state: LiabilityState) -> FloatArray | None:
        """Return 1 where a marker or window has an effect, or None."""
        return self.inner.inclusion(state.inner)

    def summary(self, state: LiabilityState) -> dict[str, FloatArray]:
        """Return the quantities to watch, (n_column,) each."""
        watched = self.inner.summary(state.inner)
        for k in range(1, state.cut.shape[1]):
            watched[f"threshold_{k + 1}"] = state.cut[:, k].copy()
        return watched


def liability_rows(
    code: IntArray,  # (n,)
    rows: ChainRows,
) -> ChainRows:
    """Return the rows with the middle of each class as the first liability."""
    share = np.bincount(code) / code.size
    middle = ndtri(np.cumsum(share) - share / 2)
    middle -= start_thresholds(share)[0]
    return replace(rows, y=middle[code] * rows.level)


def start_thresholds(share: FloatArray) -> FloatArray:  # (n_class - 1,)
    """Return the thresholds that give classes their shares, of a standard normal.

    Examples
    --------
    >>> start_thresholds(np.array([0.2, 0.3, 0.5])).round(6)
    array([-0.841621,  0.      ])
    """
    return ndtri(np.cumsum(share)[:-1])


def truncated_normal(
    low: FloatArray, high: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return standard normal numbers between bounds, exact far out as well."""
    flip = low > 0  # the lower tail keeps its digits
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    chance = ndtr(a) + rng.random(low.shape) * (ndtr(b) - ndtr(a))
    drawn = np.clip(ndtri(np.maximum(chance, 1e-300)), a, b)
    return np.where(flip, -drawn, drawn)


def log_between(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the log probability that a standard normal is between bounds."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    top = log_ndtr(b)
    return top + np.log1p(-np.exp(np.minimum(log_ndtr(a) - top, -1e-16)))


def expected_class(
    liability: FloatArray,  # (...,)
    cut: FloatArray,  # (..., n_class - 1)
    value: FloatArray,  # (n_class,) increasing
) -> FloatArray:  # (...,)
    """Return the mean of the classes' values given the expected liability.

    Of two classes 0 and 1 that is the probability of 1.

    Examples
    --------
    >>> expected_class(np.array([0.0]), np.array([[0.0]]), np.array([0.0, 1.0]))
    array([0.5])
    """
    above = ndtr(liability[..., None] - cut)
    return value[0] + above @ np.diff(value)
