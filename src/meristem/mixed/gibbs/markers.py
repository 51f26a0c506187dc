"""Gibbs sampler of marker effects: blocks of markers, all chains and folds together.

The model of a column (a chain, or a chain of one fold) is y = mu + Z b + e with
e ~ N(0, s_e W^-1). Rows come multiplied by the root of their weight; rows that a fold
holds out are masked, and stay zero in the residual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.gibbs.alphabet import EffectPrior, Hyper, Marks
from meristem.mixed.gibbs.kernel import Single, sweep_block
from meristem.records import FloatArray, IntArray

WIDTH = 64
"""Markers of a block: their products with the residual are one matrix product."""

TRIES, STRIDE = 3, 0.2
"""Proposals of a common factor of all effects per sweep, and their sd (log)."""

REFRESH = 50
"""Sweeps after which the residual is computed anew: float32 sums drift."""


CLASS_RATE = "inclusion_rate_"
"""Watched beside `inclusion_rate`, numbered from 1, where markers have classes."""


@dataclass(frozen=True)
class ChainRows:
    """Rows and columns of a sampler: what is observed, and by which column."""

    y: FloatArray  # (n_column, n) times root; 0 where masked
    root: FloatArray  # (n,) root of every row's weight
    mask: NDArray[np.bool_] | None = None  # (n_column, n) rows of a column; None: all

    @property
    def n_column(self) -> int:
        """Number of columns."""
        return int(self.y.shape[0])

    @cached_property
    def count(self) -> FloatArray:  # (n_column,)
        """Rows of every column."""
        if self.mask is None:
            return np.full(self.n_column, float(self.root.size))
        return self.mask.sum(axis=1).astype(np.float64)

    @cached_property
    def level(self) -> FloatArray:  # (n_column, n)
        """The mean's column: root where a row counts."""
        whole = np.broadcast_to(self.root, self.y.shape)
        return whole if self.mask is None else whole * self.mask

    @cached_property
    def patterns(self) -> tuple[NDArray[np.bool_], IntArray]:
        """Masks that differ, (n_fit, n), and the one of every column."""
        if self.mask is None:
            everything = np.ones((1, self.root.size), dtype=bool)
            return everything, np.zeros(self.n_column, dtype=np.int64)
        masks, fit = np.unique(self.mask, axis=0, return_inverse=True)
        return masks, fit.reshape(-1).astype(np.int64)


def chain_rows(
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    n_chain: int,
    folds: NDArray[np.bool_] | None = None,  # (n_fold, n) training rows of each
) -> ChainRows:
    """Return the rows of chains on one trait, or of chains on every fold of it."""
    root = np.sqrt(weight)
    if folds is None:
        return ChainRows(np.tile(root * y, (n_chain, 1)), root)
    mask = np.repeat(folds, n_chain, axis=0)
    return ChainRows(np.where(mask, root * y, 0.0), root, mask)


@dataclass
class MarkerState:
    """What changes from sweep to sweep, in place."""

    y: FloatArray  # (n_column, n) times root; drawn anew where it is a liability
    residual: Single  # (n_column, n) times root
    mean: FloatArray  # (n_column,)
    effect: Single  # (n_column, n_marker)
    component: Marks  # (n_column, n_marker)
    noise: FloatArray  # (n_column,)
    hyper: Hyper
    n_sweep: int = 0


@dataclass(frozen=True)
class MarkerSampler:
    """Sampler of effects under one of the priors of `alphabet`."""

    z: Single  # (n_marker, n) times root, one row per marker
    rows: ChainRows
    prior: EffectPrior
    noise_scale: FloatArray  # (n_column,) S of s_e
    noise_df: float = 5.0
    fixed_noise: bool = False  # of a liability: 1
    mean_variance: float = np.inf  # prior variance of mu
    window: IntArray | None = None  # (n_window,) first marker of every window

    @cached_property
    def gram(self) -> list[Single]:  # each (n_fit, width, width)
        """Products of the markers of every block, for every pattern of rows."""
        masks, _ = self.rows.patterns
        found = []
        for block in self._blocks():
            part = self.z[block]
            found.append(np.stack([(part * mask) @ part.T for mask in masks]))
        return found

    @cached_property
    def square(self) -> Single:  # (n_column, n_marker)
        """X'x of every marker over the rows of every column."""
        _, fit = self.rows.patterns
        each = [np.einsum("fjj->fj", block) for block in self.gram]
        return np.concatenate(each, axis=1)[fit]

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, self.z.shape[0], WIDTH):
            yield slice(start, min(start + WIDTH, self.z.shape[0]))

    def init(self, rng: np.random.Generator) -> MarkerState:
        """Return a state to start from: no effects, means a little apart."""
        rows, n_marker = self.rows, self.z.shape[0]
        level = (rows.y * rows.level).sum(axis=1) / (rows.level**2).sum(axis=1)
        spread = np.sqrt(self.noise_scale / (self.noise_df + 2) / rows.count)
        mean = level + spread * rng.standard_normal(rows.n_column)
        if self.mean_variance < np.inf:
            mean = np.zeros_like(mean)
        residual = (rows.y - mean[:, None] * rows.level).astype(np.float32)
        noise = np.broadcast_to(self.noise_scale, rows.n_column) / (self.noise_df + 2)
        return MarkerState(
            rows.y.copy(),
            residual,
            mean,
            np.zeros((rows.n_column, n_marker), dtype=np.float32),
            np.zeros((rows.n_column, n_marker), dtype=np.int8),
            np.ones(rows.n_column) if self.fixed_noise else noise.copy(),
            self.prior.start(rows.n_column, n_marker),
        )

    def sweep(self, state: MarkerState, rng: np.random.Generator) -> None:
        """Draw everything once, given the rest."""
        self._draw_mean(state, rng)
        self._draw_effects(state, rng)
        self.prior.update(state.hyper, state.effect, state.component, state.noise, rng)
        for _ in range(TRIES):
            self._draw_factor(state, rng)
        if not self.fixed_noise:
            self._draw_noise(state, rng)
        state.n_sweep += 1
        if state.n_sweep % REFRESH == 0:
            self.refresh(state)

    def refresh(self, state: MarkerState) -> None:
        """Compute the residual from the effects."""
        fitted = state.effect @ self.z
        if self.rows.mask is not None:
            fitted *= self.rows.mask
        level = state.mean[:, None] * self.rows.level
        state.residual = (state.y - level - fitted).astype(np.float32)

    def _draw_mean(self, state: MarkerState, rng: np.random.Generator) -> None:
        level = self.rows.level
        size = (level**2).sum(axis=1)
        right = np.einsum("cn,cn->c", level, state.residual) + size * state.mean
        precision = size + state.noise / self.mean_variance
        draw = rng.standard_normal(size.size) * np.sqrt(state.noise / precision)
        new = right / precision + draw
        state.residual -= ((new - state.mean)[:, None] * level).astype(np.float32)
        state.mean = new

    def _draw_effects(self, state: MarkerState, rng: np.random.Generator) -> None:
        level, shrink, spread = self._mixture(state)
        shape = state.effect.shape
        normal = rng.standard_normal(shape, dtype=np.float32)
        several = level.shape[0] > 1
        uniform = rng.random(shape, dtype=np.float32) if several else normal
        half = (0.5 / state.noise).astype(np.float32)
        loop, (_, fit) = sweep_block(), self.rows.patterns
        for block, gram in zip(self._blocks(), self.gram, strict=True):
            part = self.z[block]
            effect, component = state.effect[:, block], state.component[:, block]
            change = np.empty_like(effect)
            loop(
                state.residual @ part.T,
                gram,
                fit,
                (effect, component, change),
                (level[:, :, block], shrink[:, :, block], spread[:, :, block], half),
                (normal[:, block], uniform[:, block]),
            )
            fitted = change @ part
            if self.rows.mask is not None:
                fitted *= self.rows.mask
            state.residual -= fitted

    def _draw_factor(self, state: MarkerState, rng: np.random.Generator) -> None:
        """Move all effects and their scale together, which mix slowly apart.

        A Metropolis step in the parametrisation by effects over their scale.

        References
        ----------
        Yu & Meng 2011, J Comput Graph Stat 20:531 (interweaving).
        """
        n_column = state.mean.size
        factor = np.exp(STRIDE * rng.standard_normal(n_column))
        value = state.y - state.mean[:, None] * self.rows.level - state.residual
        along = np.einsum("cn,cn->c", value, state.residual, dtype=np.float64)
        size = np.einsum("cn,cn->c", value, value)
        step = factor - 1
        gain = (2 * step * along - step**2 * size) / (2 * state.noise)
        hyper, density = self.prior.scaled(state.hyper, factor)
        gain += density - self.prior.scaled(state.hyper, np.ones(n_column))[1]
        taken = np.log(rng.random(n_column)) < gain
        factor = np.where(taken, factor, 1.0)
        for name, new in hyper.items():
            kept = taken.reshape(-1, *[1] * (new.ndim - 1))
            state.hyper[name] = np.where(kept, new, state.hyper[name])
        state.effect *= factor[:, None].astype(np.float32)
        moved = (factor - 1)[:, None] * value
        state.residual -= moved.astype(np.float32)

    def _mixture(self, state: MarkerState) -> tuple[Single, Single, Single]:
        """Return log weights, 1 / c and standard deviations of all components."""
        variances, chances = self.prior.components(state.hyper, state.noise)
        shape = (len(variances), *state.effect.shape)
        level, shrink, spread = np.zeros((3, *shape), dtype=np.float32)
        noise = state.noise[:, None].astype(np.float32)
        for k, (variance, chance) in enumerate(zip(variances, chances, strict=True)):
            if not variance.any():
                level[k] = chance
                continue
            ratio = noise / np.maximum(variance, 1e-30).astype(np.float32)
            inverse = np.divide(1, self.square + ratio, out=shrink[k])
            np.sqrt(noise * inverse, out=spread[k])
            if len(variances) > 1:
                np.log(ratio * inverse, out=level[k])
                level[k] *= 0.5
                level[k] += chance.astype(np.float32)
        return level, shrink, spread

    def _draw_noise(self, state: MarkerState, rng: np.random.Generator) -> None:
        df, squares = self.prior.noise_terms(state.hyper, state.effect)
        total = np.einsum("cn,cn->c", state.residual, state.residual, dtype=np.float64)
        total += squares + self.noise_scale
        state.noise = total / rng.chisquare(self.rows.count + df + self.noise_df)

    def fitted(self, state: MarkerState) -> FloatArray:  # (n_column, n)
        """Return what the rows are expected, times root."""
        return state.y - state.residual

    def redraw(self, state: MarkerState, y: FloatArray) -> None:
        """Replace the values of the rows, (n_column, n) times root."""
        state.residual = (state.residual + (y - state.y)).astype(np.float32)
        state.y = y

    def values(self, state: MarkerState) -> FloatArray:  # (n_column, n)
        """Return mu + Z b of the rows; of masked ones nothing."""
        value = (state.y - state.residual) / self.rows.root
        return (
            value if self.rows.mask is None else np.where(self.rows.mask, value, np.nan)
        )

    def coefficients(self, state: MarkerState) -> Single:  # (n_column, n_marker)
        """Return what predicts: the effects."""
        return state.effect

    def inclusion(self, state: MarkerState) -> FloatArray | None:
        """Return 1 where a marker (then: a window) has an effect; None if all have.

        (n_column, n_marker + n_window)
        """
        if len(self.prior.components(state.hyper, state.noise)[0]) == 1:
            return None
        present = (state.component > 0).astype(np.float64)
        if self.window is None:
            return present
        any_in = np.maximum.reduceat(present, self.window, axis=1)
        return np.concatenate([present, any_in], axis=1)

    def summary(self, state: MarkerState) -> dict[str, FloatArray]:
        """Return the quantities to watch, (n_column,) each."""
        value = self.values(state)
        watched = {
            "mean": state.mean.copy(),
            "residual": state.noise.copy(),
            "genetic": np.nanvar(value - state.mean[:, None], axis=1),
        }
        terms = self.prior.components(state.hyper, state.noise)
        expected = sum(np.exp(p) * v for v, p in zip(*terms, strict=True))
        watched["marker_variance"] = np.asarray(expected).mean(axis=1)
        if state.hyper.get("variance", np.zeros((1, 1))).ndim == 1:
            watched["effect_variance"] = state.hyper["variance"].copy()
        if len(terms[0]) > 1:
            watched["inclusion_rate"] = 1 - np.exp(terms[1][0]).mean(axis=1)
            rate = state.hyper.get("rate")  # (n_column, n_class)
            rate = 1 - state.hyper["share"][:, :, 0] if rate is None else rate
            for k in range(rate.shape[1] if rate.shape[1] > 1 else 0):
                watched[f"{CLASS_RATE}{k + 1}"] = rate[:, k].copy()
        if "penalty" in state.hyper:
            watched["lambda"] = np.sqrt(state.hyper["penalty"])
        if self.fixed_noise:
            del watched["residual"]
        return watched
