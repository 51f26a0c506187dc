"""How probable it is that a variant, and not its neighbour in linkage, is causal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from scipy.special import logsumexp

from meristem.mixed.scan import error_contrasts, restricted_h2
from meristem.records import FloatArray

N_EFFECT = 20
_MOST_SWEEPS = 100
_CLOSE = 1e-3
_ROUNDS = 4
"""Times that the share of the relationship is estimated beside the effects."""


@dataclass(frozen=True)
class SingleEffects:
    """A sum of single effects, each of one variant that is not known for sure."""

    probability: FloatArray  # (n_variant,) of being the variant of any effect
    effect: FloatArray  # (n_variant,) mean effect per copy
    share: FloatArray  # (n_effect, n_variant) probability of each effect's variant
    variance: FloatArray  # (n_effect,) prior variance found; 0: not needed
    converged: bool


def causal_probabilities(
    dosage: FloatArray,  # (n, n_variant) none missing
    y: FloatArray,  # (n,)
    kernel: FloatArray | None = None,  # (n, n)
    weight: FloatArray | None = None,  # (n,)
    *,
    n_effect: int = N_EFFECT,
) -> SingleEffects:
    """Return the posterior probability of each variant to have an effect of its own.

    Parameters
    ----------
    dosage
        Of the phenotyped lines.
    y
        Their phenotypes.
    kernel
        Relationship: what is polygenic and what families share is taken out with the
        variance ratio of REML; None: nothing is.
    weight
        Relative precision of the phenotypes.
    n_effect
        Effects at most.

    References
    ----------
    Wang et al. 2020, J R Stat Soc B 82:1273 (sum of single effects, SuSiE).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.integers(0, 2, (60, 9)) * 2.0
    >>> found = causal_probabilities(x, x[:, 3] + rng.normal(size=60), n_effect=3)
    >>> int(found.probability.argmax()), bool(found.probability[3] > 0.9)
    (3, True)
    """
    if kernel is None:
        root = np.ones(y.size) if weight is None else np.sqrt(weight)
        mean = root / np.sqrt(root @ root)
        moved, columns = y * root, dosage * root[:, None]
        moved = moved - mean * (mean @ moved)
        columns = columns - np.outer(mean, mean @ columns)
    else:
        contrasts = error_contrasts(kernel, weight=weight)
        turned, markers = contrasts.rotate(y[:, None])[:, 0], contrasts.rotate(dosage)
        found = None
        for _ in range(_ROUNDS):
            # what single effects explain is no longer asked of the relationship
            rest = turned if found is None else turned - markers @ found.effect
            h2 = float(restricted_h2(contrasts.values, rest[:, None])[0])
            scale = 1 / np.sqrt(h2 * contrasts.values + 1 - h2)
            found = _sum_of_effects(markers * scale[:, None], turned * scale, n_effect)
        assert found is not None
        return found
    return _sum_of_effects(columns, moved, n_effect)


def _sum_of_effects(
    x: FloatArray,  # (n, n_variant) without mean
    y: FloatArray,  # (n,)
    n_effect: int,
) -> SingleEffects:
    n, n_variant = x.shape
    size = np.einsum("ij,ij->j", x, x)
    varies = size > 1e-9 * size.max(initial=0)
    share = np.zeros((n_effect, n_variant))
    mean = np.zeros((n_effect, n_variant))
    square = np.zeros(n_effect)  # E|x b|^2 of each effect
    variance = np.zeros(n_effect)
    fitted = np.zeros((n_effect, n))
    noise = float(y @ y) / n
    converged = False
    for _ in range(_MOST_SWEEPS):
        before = share.copy()
        rest = y - fitted.sum(axis=0)
        found = None
        for row in range(n_effect):
            if fitted[row].any():
                rest, found = rest + fitted[row], None
            if found is None:  # effects that explain nothing share one answer
                found = _single_effect(x.T @ rest, size, varies, noise)
            share[row], mean[row], spread, variance[row] = found
            square[row] = float(share[row] @ ((mean[row] ** 2 + spread) * size))
            if variance[row] > 0:
                fitted[row] = x @ (share[row] * mean[row])
                rest, found = rest - fitted[row], None
            else:
                fitted[row] = 0.0
        extra = square.sum() - float(np.einsum("ij,ij->", fitted, fitted))
        noise = max(float(rest @ rest) + extra, 1e-12 * float(y @ y)) / n
        if np.abs(share - before).max() < _CLOSE:
            converged = True
            break
    used = variance > 0
    without = np.prod(1 - np.minimum(share[used], 1 - 1e-15), axis=0)
    # what no effect was found for is as likely as any other variant
    without = np.minimum(without, 1 - varies / max(int(varies.sum()), 1))
    effect = (share * mean)[used].sum(axis=0)
    return SingleEffects(1 - without, effect, share, variance, converged)


def _single_effect(
    product: FloatArray,  # (n_variant,) x'r
    size: FloatArray,  # (n_variant,) x'x
    varies: np.ndarray,
    noise: float,
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return probabilities, means, variances and prior variance of one effect."""
    n_variant = product.size
    se2 = noise / np.where(varies, size, 1.0)
    z2 = np.where(varies, product**2 / np.where(varies, size, 1.0) / noise, 0.0)
    where = np.where(varies, 0.0, -np.inf)

    def log_factors(variance: float) -> FloatArray:
        shrink = variance / (variance + se2)
        return (np.log1p(-shrink) + z2 * shrink) / 2 + where

    top = float((z2 * se2).max(initial=0.0)) or 1.0
    best = scipy.optimize.minimize_scalar(
        lambda t: -logsumexp(log_factors(np.exp(t))),
        bounds=(np.log(top) - 12, np.log(top) + 3),
        method="bounded",
    )
    flat = np.log(max(int(varies.sum()), 1))
    if -best.fun <= flat:
        zero = np.zeros(n_variant)
        return varies / max(int(varies.sum()), 1), zero, zero, 0.0
    variance = float(np.exp(best.x))
    factor = log_factors(variance)
    share = np.exp(factor - logsumexp(factor))
    shrink = variance / (variance + se2)
    mean = np.where(varies, shrink * product / np.where(varies, size, 1.0), 0.0)
    return share, mean, shrink * se2, variance
