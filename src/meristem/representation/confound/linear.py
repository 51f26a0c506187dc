"""Linear ways to take confounders out of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from meristem.records import FloatArray
from meristem.representation.confound.confounders import (
    Confounder,
    Design,
    fit_design,
)
from meristem.representation.pca import LinearCode, fit_pca

RIDGE = 1e-3
"""Keeps collinear columns of labels solvable."""
CONFOUNDED = 0.05
"""Level, over all components, from which one counts as confounded."""


@dataclass(frozen=True)
class Regression:
    """Effects of confounders on every feature, to be subtracted."""

    design: Design
    effect: FloatArray  # (n_column, n_feature)

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return values without the effects."""
        return x - self.design.columns(confounders) @ self.effect


def fit_regression(
    x: FloatArray,  # (n_sample, n_feature) NaN missing
    confounders: Sequence[Confounder],
) -> Regression:
    """Regress every feature on the confounders, over the samples it is known of."""
    design = fit_design(confounders)
    columns = design.columns(confounders)
    known = ~np.isnan(x)
    filled = np.where(known, x, 0.0)
    with_one = np.column_stack([np.ones(x.shape[0]), columns])
    n_column = with_one.shape[1]
    penalty = RIDGE * np.diag(np.r_[0.0, np.ones(n_column - 1)])
    if known.all():
        normal = with_one.T @ with_one + penalty
        effect = np.linalg.solve(normal, with_one.T @ filled)
        return Regression(design, effect[1:])
    outer = with_one[:, :, None] * with_one[:, None, :]
    normal = np.tensordot(known.T.astype(float), outer, axes=1) + penalty
    normal[:, 0, 0] += 1e-9  # a feature that no sample has
    right = (with_one.T @ filled).T[:, :, None]
    effect = np.linalg.solve(normal, right)[:, :, 0].T
    return Regression(design, effect[1:])


@dataclass(frozen=True)
class Combat:
    """Location and scale of every batch, shrunk over features.

    Numbers are regressed out first, then one confounder of labels after the other.
    """

    numbers: Regression | None
    batches: tuple[tuple[str, tuple[str, ...], FloatArray, FloatArray, FloatArray], ...]
    # per confounder of labels: name, labels, feature sd (n_feature,), and location
    # and scale (n_label, n_feature)

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return values with every batch at the same location and scale."""
        by_name = {one.name: one for one in confounders}
        if self.numbers is not None:
            numbers = [one for one in confounders if one.number is not None]
            x = self.numbers.clean(x, numbers)
        x = x.copy()
        for name, levels, sd, location, scale in self.batches:
            label = by_name[name].label
            for number, level in enumerate(levels):
                rows = label == level
                shifted = x[rows] / sd - location[number]
                x[rows] = shifted / scale[number] * sd
        return x


def fit_combat(
    x: FloatArray,  # (n_sample, n_feature) NaN missing
    confounders: Sequence[Confounder],
) -> Combat:
    """Learn location and scale of batches by empirical Bayes.

    A row that a fold leaves alone with its label becomes the mean of the others.

    References
    ----------
    Johnson, Li & Rabinovic 2007, Biostatistics 8:118 (parametric ComBat).
    """
    numbers = [one for one in confounders if one.number is not None]
    regression = None
    if numbers:
        regression = _number_effects(x, confounders)
        x = regression.clean(x, numbers)
    batches = []
    for one in confounders:
        if one.number is not None:
            continue
        levels = np.unique(one.label[one.label != ""])
        batch = _fit_batches(x, one, tuple(map(str, levels)))
        batches.append(batch)
        x = Combat(None, (batch,)).clean(x, [one])
    return Combat(regression, tuple(batches))


def _number_effects(x: FloatArray, confounders: Sequence[Confounder]) -> Regression:
    """Return the effects of the numbers, those of the labels beside them."""
    together = fit_regression(x, confounders)
    sizes = [max(len(levels), 1) for levels in together.design.level]
    own = np.concatenate(
        [
            np.full(size, one.number is not None)
            for one, size in zip(confounders, sizes, strict=True)
        ]
    )
    level = tuple(levels for levels in together.design.level if not levels)
    design = Design(level, together.design.mean[own], together.design.sd[own])
    return Regression(design, together.effect[own])


def _fit_batches(
    x: FloatArray, one: Confounder, levels: tuple[str, ...]
) -> tuple[str, tuple[str, ...], FloatArray, FloatArray, FloatArray]:
    within = np.full(x.shape, np.nan)
    for level in levels:
        rows = one.label == level
        if rows.sum() > 1:
            within[rows] = x[rows] - _mean(x[rows])
    variance = _mean(within**2)
    varies = variance > 1e-12
    sd = np.sqrt(np.where(varies, variance, 1.0))
    location = np.zeros((len(levels), x.shape[1]))
    scale = np.ones((len(levels), x.shape[1]))
    for number, level in enumerate(levels):
        rows = one.label == level
        z = x[rows] / sd
        location[number] = _mean(z)  # whole, where nothing varies within labels
        if varies.any():
            location[number, varies], scale[number, varies] = _shrunk(z[:, varies])
    return one.name, levels, sd, location, scale


def _shrunk(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return posterior location and scale of one batch, features as the ensemble.

    z are values over their pooled sd. Location is normal, variance inverse gamma,
    their parameters by moments; solved by turns (equations 3.1 of the paper).
    """
    n = (~np.isnan(z)).sum(axis=0)
    mean = _mean(z)
    square = np.where(np.isnan(z), 0.0, (z - mean) ** 2).sum(axis=0)
    variance = square / np.maximum(n - 1, 1)
    usable = n >= 2
    if usable.sum() < 2:
        return np.where(n > 0, mean, 0.0), np.ones(mean.size)
    prior_mean = float(mean[usable].mean())
    prior_var = max(float(mean[usable].var(ddof=1)), 1e-9)
    centre = max(float(variance[usable].mean()), 1e-9)
    spread = max(float(variance[usable].var(ddof=1)), 1e-9)
    shape = 2 + centre**2 / spread
    rate = centre * (shape - 1)
    location, scale = mean.copy(), np.where(usable, variance, centre)
    for _ in range(100):
        new = (n * prior_var * mean + scale * prior_mean) / (n * prior_var + scale)
        error = square + n * (mean - new) ** 2
        new_scale = (rate + 0.5 * error) / (0.5 * n + shape - 1)
        moved = np.abs(new - location).max() + np.abs(new_scale - scale).max()
        location, scale = new, new_scale
        if moved < 1e-6:
            break
    return location, np.sqrt(scale)


def _mean(x: FloatArray) -> FloatArray:
    known = ~np.isnan(x)
    total = np.where(known, x, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))


@dataclass(frozen=True)
class Components:
    """Principal components that confounders explain, to be subtracted."""

    code: LinearCode
    confounded: FloatArray  # (n_factor,) 1 or 0

    def clean(self, x: FloatArray, confounders: Sequence[Confounder]) -> FloatArray:
        """Return values without the confounded components."""
        del confounders
        z = self.code.encode(x) * self.confounded
        return x - self.code.decode(z)[0]


def fit_components(
    x: FloatArray,  # (n_sample, n_feature) NaN missing
    confounders: Sequence[Confounder],
    k: int = 20,
) -> Components:
    """Find the principal components that the confounders explain (F test).

    The components are removed whole, with what biology they carry.
    """
    code = fit_pca(x, k)
    z = code.encode(x)[0]
    columns = fit_design(confounders).columns(confounders)
    with_one = np.column_stack([np.ones(x.shape[0]), columns])
    left = z - with_one @ np.linalg.lstsq(with_one, z, rcond=None)[0]
    total = ((z - z.mean(axis=0)) ** 2).sum(axis=0)
    rest = (left**2).sum(axis=0)
    rank = int(np.linalg.matrix_rank(with_one)) - 1
    free = max(x.shape[0] - rank - 1, 1)
    f = (total - rest) / max(rank, 1) / np.maximum(rest / free, 1e-12)
    p = scipy.stats.f.sf(f, max(rank, 1), free)
    return Components(code, (p < CONFOUNDED / z.shape[1]).astype(float))
