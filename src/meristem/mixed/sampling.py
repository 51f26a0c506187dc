"""How probable it is that a set matters, by sampling which sets act together.

Coordinate ascent (`set_inclusion`) holds the other sets, and the variances, at one
value when it judges a set, and is too sure of what it settles on. Sampling goes back
and forth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from meristem.mixed.spike_slab import (
    BASE_PRIOR,
    NOISE_PRIOR,
    SLABS,
    SetFit,
    log_factors,
    narrow,
)
from meristem.mixed.targets import Target
from meristem.records import FloatArray

SWEEPS = 60
BURN_IN = 10
MAX_SAMPLED = 64
"""Sets that are sampled, the most probable; the others keep their probability."""
_STEPS = 2
"""Proposals of the other variances per sweep."""
_STEP = 0.3
"""Spread of a proposal, on the scale of logarithms."""


def sample_inclusion(
    base: Sequence[FloatArray],  # each (n, n), mean diagonal 1
    factors: Sequence[FloatArray],  # each (n, n_member), mean row norm 1
    target: Target,
    rate: FloatArray,  # (n_set,) of inclusion, beforehand
    fit: SetFit,
    *,
    rng: np.random.Generator,
    sweeps: int = SWEEPS,
) -> FloatArray:  # (n_set,)
    """Return the posterior probability that each set has variance.

    A Gibbs sampler over the variances of the sets (zero or one of `SLABS`), effects
    integrated out, with Metropolis steps for the variances of the base kernels and of
    the noise: held at one value they would leave a set no rival. Every set is averaged
    over its conditional probability, not over its draws.

    Parameters
    ----------
    base, factors, target, rate
        As `fit_sets` took them.
    fit
        What it returned.
    rng
        Of the draws.
    sweeps
        Passes over the sets after the first `BURN_IN`.

    References
    ----------
    George & McCulloch 1993, JASA 88:881 (Gibbs sampling of inclusion); Gelfand &
    Smith 1990, JASA 85:398 (averaging conditional probabilities); Hastings 1970,
    Biometrika 57:97.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.mixed.spike_slab import fit_sets
    >>> rng = np.random.default_rng(0)
    >>> sets = [rng.normal(size=(150, 4)) / 2 for _ in range(10)]
    >>> y = 2 * sets[3] @ rng.normal(size=4) + rng.normal(size=150)
    >>> target, rate = Target(0, np.arange(150), y, np.ones(150)), np.full(10, 0.2)
    >>> fit = fit_sets([np.eye(150)], sets, target, rate)
    >>> found = sample_inclusion([np.eye(150)], sets, target, rate, fit, rng=rng)
    >>> bool(found[3] > 0.9), bool(np.delete(found, 3).max() < 0.5)
    (True, True)
    """
    scale = float(np.average((target.y - target.y.mean()) ** 2)) or 1.0
    chosen = np.sort(np.argsort(-fit.inclusion, kind="stable")[:MAX_SAMPLED])
    parts = [narrow(factors[k]) for k in chosen.tolist()]
    kernels = (*base, np.diag(1 / target.weight))
    variance = np.maximum(np.append(fit.base, fit.residual), 1e-6 * scale)
    # the nearest slab of what the ascent expects, where it believes in the set
    slab = np.abs(fit.variance[chosen, None] / scale - SLABS).argmin(axis=1)
    size = np.where(fit.inclusion[chosen] > 0.5, SLABS[slab], 0.0) * scale
    total = np.zeros(chosen.size)
    for sweep in range(BURN_IN + sweeps):
        sets = np.zeros_like(kernels[0])
        for k in np.flatnonzero(size).tolist():
            sets += size[k] * (parts[k] @ parts[k].T)
        variance = _base_steps(kernels, sets, size.sum(), variance, target.y, rng)
        projection = _projection(kernels, sets, variance)
        for k in rng.permutation(chosen.size).tolist():
            image = projection @ parts[k]
            middle = parts[k].T @ image
            odds = _odds(middle, image.T @ target.y, size[k], scale, rate[chosen[k]])
            drawn = int(np.searchsorted(odds.cumsum(), rng.random()))
            new = SLABS[min(drawn, SLABS.size) - 1] * scale if drawn else 0.0
            if new != size[k]:
                inner = np.eye(middle.shape[0]) / (new - size[k]) + middle
                projection = projection - image @ np.linalg.solve(inner, image.T)
                projection = (projection + projection.T) / 2
                size[k] = new
            if sweep >= BURN_IN:
                total[k] += 1 - odds[0]
    inclusion = fit.inclusion.copy()
    inclusion[chosen] = total / max(sweeps, 1)
    return inclusion


def _base_steps(
    kernels: Sequence[FloatArray],  # each (n, n), that of the noise last
    sets: FloatArray,  # (n, n) covariance of the sets
    size: float,  # variance of the sets
    variance: FloatArray,  # (n_kernel,)
    y: FloatArray,  # (n,)
    rng: np.random.Generator,
) -> FloatArray:  # (n_kernel,)
    """Return variances after Metropolis steps on the scale of logarithms."""
    shape = np.append(np.full(variance.size - 1, BASE_PRIOR), NOISE_PRIOR)

    def log_density(v: FloatArray) -> float:
        prior = float(shape @ np.log(v) - shape.sum() * np.log(v.sum() + size))
        return prior + _log_likelihood(_joined(kernels, sets, v), y)

    now = log_density(variance)
    for _ in range(_STEPS):
        proposed = variance * np.exp(_STEP * rng.normal(size=variance.size))
        then = log_density(proposed)
        if np.log(rng.random()) < then - now:
            variance, now = proposed, then
    return variance


def _joined(
    kernels: Sequence[FloatArray], sets: FloatArray, variance: FloatArray
) -> FloatArray:
    whole = sets.copy()
    for v, kernel in zip(variance, kernels, strict=True):
        whole += v * kernel
    return whole


def _log_likelihood(covariance: FloatArray, y: FloatArray) -> float:
    """Return the restricted log likelihood, up to a constant."""
    root = scipy.linalg.cholesky(covariance, lower=True, check_finite=False)
    both = np.stack([y, np.ones_like(y)], axis=1)
    solved = scipy.linalg.solve_triangular(root, both, lower=True, check_finite=False)
    (yy, y1), (_, ones) = solved.T @ solved
    half = np.log(np.diag(root)).sum() + 0.5 * np.log(ones)
    return float(-half - 0.5 * (yy - y1**2 / ones))


def _projection(
    kernels: Sequence[FloatArray], sets: FloatArray, variance: FloatArray
) -> FloatArray:  # (n, n)
    inverse = scipy.linalg.inv(_joined(kernels, sets, variance), check_finite=False)
    inverse = (inverse + inverse.T) / 2
    total = inverse.sum(axis=0)
    return np.asarray(inverse - np.outer(total, total) / total.sum())


def _odds(
    middle: FloatArray,  # (m, m) F' P F, the set itself in P
    slope: FloatArray,  # (m,) F' P y
    size: float,
    scale: float,
    rate: float,
) -> FloatArray:  # (1 + n_slab,)
    """Return the probability of no variance, and of every slab."""
    if size > 0:
        rest = np.linalg.inv(np.eye(slope.size) - size * middle)
        middle, slope = rest @ middle, rest @ slope
    log_factor = log_factors((middle + middle.T) / 2, slope, scale)
    log_odds = np.append(np.log1p(-rate), np.log(rate) + log_factor)
    odds = np.exp(log_odds - log_odds.max())
    return np.asarray(odds / odds.sum())
