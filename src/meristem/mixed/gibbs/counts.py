"""Counts: Poisson around the exponential of a normal value, drawn before each sweep.

y ~ Poisson(exp(l)), l = mu + g + e: what e spreads beyond a Poisson is overdispersion.
Each l has a log-concave density; it is proposed by a Student t at its mode.

References
----------
Hadfield 2010, J Stat Softw 33:2 (Poisson mixed models with additive overdispersion);
Corless et al. 1996, Adv Comput Math 5:329 (the mode is a Lambert function).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import wrightomega

from meristem.mixed.gibbs.markers import MarkerSampler
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.records import FloatArray

_DF = 5.0
"""Degrees of freedom of the proposals: wider tails than any of the densities."""


@dataclass
class CountState:
    """State of the inner sampler, and the logarithms of the rates, in place."""

    inner: Any
    rate: FloatArray  # (n_column, n) l


@dataclass(frozen=True)
class CountSampler:
    """Any sampler, of counts instead of values."""

    inner: MarkerSampler | KernelSampler
    count: FloatArray  # (n,) whole numbers
    level: float = 0.0  # added to l, so that it stays near zero

    def init(self, rng: np.random.Generator) -> CountState:
        """Return a state to start from: the logarithms of the counts."""
        rows = self.inner.rows
        start = np.log(self.count + 0.5) - self.level
        return CountState(self.inner.init(rng), np.tile(start, (rows.n_column, 1)))

    def sweep(self, state: CountState, rng: np.random.Generator) -> None:
        """Draw the rates, and everything else once."""
        rows = self.inner.rows
        centre = self.inner.fitted(state.inner) / rows.root
        variance = state.inner.noise[:, None] / rows.root**2
        state.rate = draw_rates(
            state.rate, self.count, centre, variance, rng, level=self.level
        )
        scaled = rows.root * state.rate
        if rows.mask is not None:
            scaled *= rows.mask
        self.inner.redraw(state.inner, scaled)
        self.inner.sweep(state.inner, rng)

    def values(self, state: CountState) -> FloatArray:  # (n_column, n)
        """Return mu + g of the rows, on the logarithm."""
        return self.inner.values(state.inner)

    def coefficients(self, state: CountState) -> NDArray[np.floating[Any]]:
        """Return what predicts the logarithm of other rows' rates."""
        return self.inner.coefficients(state.inner)

    def inclusion(self, state: CountState) -> FloatArray | None:
        """Return 1 where a marker or window has an effect, or None."""
        return self.inner.inclusion(state.inner)

    def summary(self, state: CountState) -> dict[str, FloatArray]:
        """Return the quantities to watch, (n_column,) each."""
        return self.inner.summary(state.inner)


def draw_rates(
    rate: FloatArray,  # (..., n) l as it is
    count: FloatArray,  # (n,)
    centre: FloatArray,  # (..., n)
    variance: FloatArray,  # (..., n)
    rng: np.random.Generator,
    *,
    level: float = 0.0,
) -> FloatArray:  # (..., n)
    """Return l after one step that leaves Poisson(exp(level + l)) N(centre) as it is.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> l = np.zeros((400, 1))
    >>> for _ in range(20):
    ...     l = draw_rates(l, np.array([3.0]), 0 * l, 0 * l + 1e6, rng)
    >>> bool(2.6 < np.exp(l).mean() < 3.4)  # a flat prior of l: Gamma(3, 1)
    True
    """
    top = centre + variance * count
    mode = top - np.real(wrightomega(top + level + np.log(variance)))
    spread = 1 / np.sqrt(np.exp(level + mode) + 1 / variance)

    def log_weight(value: FloatArray) -> FloatArray:
        """Return the logarithm of density over proposal."""
        density = count * value - np.exp(np.minimum(level + value, 700.0))
        density -= (value - centre) ** 2 / (2 * variance)
        step = (value - mode) / spread
        return density + 0.5 * (_DF + 1) * np.log1p(step**2 / _DF)

    proposed = mode + spread * rng.standard_t(_DF, size=mode.shape)
    gain = log_weight(proposed) - log_weight(rate)
    return np.where(np.log(rng.random(gain.shape)) < gain, proposed, rate)


def expected_count(
    value: FloatArray,  # (..., n_draw) mu + g
    noise: FloatArray,  # (n_draw,) variance of e
) -> FloatArray:
    """Return the mean count of rows of weight 1, e averaged over.

    Examples
    --------
    >>> expected_count(np.log([[2.0]]), np.array([0.0]))
    array([[2.]])
    """
    return np.exp(np.minimum(value + noise / 2, 700.0))
