"""Gibbs sampler of one kernel in the space of its eigenvectors: O(n) per sweep.

BRR (the kernel of the markers) and RKHS (any kernel). With W^.5 K W^.5 = U D U' the
rotated values have independent errors, and the values of the lines are U D^.5 g with
g ~ N(0, s_g I). Mean and g are drawn together: the mean given the variances alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.gibbs.markers import STRIDE, TRIES, ChainRows
from meristem.mixed.reml import Decomposition
from meristem.records import FloatArray

TOLERANCE = 1e-8
"""Eigenvalues below this share of the largest one are none."""


@dataclass
class KernelState:
    """What changes from sweep to sweep, in place."""

    y: FloatArray  # (n_column, n) rotated
    mean: FloatArray  # (n_column,)
    score: FloatArray  # (n_column, n) g, 0 where there is no eigenvalue
    noise: FloatArray  # (n_column,)
    genetic: FloatArray  # (n_column,) s_g


@dataclass(frozen=True)
class KernelSampler:
    """Sampler of the values of lines with covariance s_g K; all rows count."""

    split: Decomposition
    rows: ChainRows
    scale: FloatArray  # (n_column,) S of s_g
    noise_scale: FloatArray  # (n_column,) S of s_e
    df: float = 5.0
    noise_df: float = 5.0
    fixed_noise: bool = False
    mean_variance: float = np.inf

    @cached_property
    def kept(self) -> NDArray[np.bool_]:  # (n,)
        """Which eigenvalues count."""
        return self.split.values > TOLERANCE * self.split.values.max()

    @cached_property
    def root(self) -> FloatArray:  # (n,)
        """Roots of the eigenvalues, 0 where they do not count."""
        return np.sqrt(np.where(self.kept, self.split.values, 0.0))

    @cached_property
    def level(self) -> FloatArray:  # (n,)
        """The rotated column of the mean."""
        return self.split.vectors.T @ self.rows.root

    def init(self, rng: np.random.Generator) -> KernelState:
        """Return a state to start from."""
        n_column = self.rows.n_column
        start = np.exp(0.5 * rng.standard_normal((2, n_column)))
        noise = start[0] * self.noise_scale / (self.noise_df + 2)
        return KernelState(
            self.rows.y @ self.split.vectors,
            np.zeros(n_column),
            np.zeros((n_column, self.root.size)),
            np.ones(n_column) if self.fixed_noise else noise,
            start[1] * self.scale / (self.df + 2),
        )

    def sweep(self, state: KernelState, rng: np.random.Generator) -> None:
        """Draw everything once, given the rest."""
        values, level = self.root**2, self.level
        noise, genetic = state.noise[:, None], state.genetic[:, None]
        precision = 1 / (genetic * values + noise)
        size = (precision * level**2).sum(axis=1) + 1 / self.mean_variance
        centre = (precision * level * state.y).sum(axis=1) / size
        state.mean = centre + rng.standard_normal(size.size) / np.sqrt(size)
        right = self.root * (state.y - state.mean[:, None] * level)
        curve = values + noise / genetic
        draw = rng.standard_normal(right.shape) * np.sqrt(noise / curve)
        state.score = np.where(self.kept, right / curve + draw, 0.0)
        squares = (state.score**2).sum(axis=1) + self.scale
        state.genetic = squares / rng.chisquare(self.df + self.kept.sum(), size.size)
        for _ in range(TRIES):
            self._draw_factor(state, rng)
        if not self.fixed_noise:
            total = (self._residual(state) ** 2).sum(axis=1) + self.noise_scale
            state.noise = total / rng.chisquare(self.rows.count + self.noise_df)

    def _draw_factor(self, state: KernelState, rng: np.random.Generator) -> None:
        """Move values and their variance together, see `MarkerSampler`."""
        factor = np.exp(STRIDE * rng.standard_normal(state.mean.size))
        value, residual = self.root * state.score, self._residual(state)
        along, size = (value * residual).sum(axis=1), (value**2).sum(axis=1)
        step = factor - 1
        gain = (2 * step * along - step**2 * size) / (2 * state.noise)
        for sign, variance in ((1, factor**2 * state.genetic), (-1, state.genetic)):
            gain -= sign * 0.5 * (self.df * np.log(variance) + self.scale / variance)
        taken = np.log(rng.random(factor.size)) < gain
        factor = np.where(taken, factor, 1.0)
        state.genetic = state.genetic * factor**2
        state.score *= factor[:, None]

    def _residual(self, state: KernelState) -> FloatArray:  # (n_column, n) rotated
        fitted = self.root * state.score + state.mean[:, None] * self.level
        return state.y - fitted

    def fitted(self, state: KernelState) -> FloatArray:  # (n_column, n)
        """Return what the rows are expected, times root."""
        return self.values(state) * self.rows.root

    def redraw(self, state: KernelState, y: FloatArray) -> None:
        """Replace the values of the rows, (n_column, n) times root."""
        state.y = y @ self.split.vectors

    def values(self, state: KernelState) -> FloatArray:  # (n_column, n)
        """Return mu + u of the rows."""
        genetic = (self.root * state.score) @ self.split.vectors.T
        return genetic / self.rows.root + state.mean[:, None]

    def coefficients(self, state: KernelState) -> FloatArray:  # (n_column, n)
        """Return dual weights: u of any lines is their kernel with the rows times it.

        The part of new lines that the rows say nothing of is not in it.
        """
        inverse = np.where(self.kept, 1 / np.where(self.kept, self.root, 1.0), 0.0)
        return self.rows.root * ((inverse * state.score) @ self.split.vectors.T)

    def inclusion(self, state: KernelState) -> None:
        """Return None: every line has a value."""

    def summary(self, state: KernelState) -> dict[str, FloatArray]:
        """Return the quantities to watch, (n_column,) each."""
        value = self.values(state) - state.mean[:, None]
        watched = {
            "mean": state.mean.copy(),
            "residual": state.noise.copy(),
            "genetic": value.var(axis=1),
            "effect_variance": state.genetic.copy(),
        }
        if self.fixed_noise:
            del watched["residual"]
        return watched
