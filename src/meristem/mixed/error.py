"""Error of the genetic values of a kernel model, jointly over lines.

The share of the kernel is not known but estimated: the error is averaged over what
the restricted likelihood says of it, and holds how far the prediction at each share
lies from the one that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from meristem.mixed.reml import (
    Components,
    Decomposition,
    component_errors,
    components_rotated,
    profile_likelihood,
)
from meristem.records import FloatArray

SHARES: FloatArray = (np.arange(200) + 0.5) / 200
"""Shares of the kernel that count, all as likely beforehand."""
N_NODE = 8
"""Shares kept, at quantiles of equal probability."""


@dataclass(frozen=True)
class ErrorTerms:
    """Covariance of g - g_hat for targets that share rows and weights.

    With R = vectors' K_t* (training rows by new lines) it is
    genetic K** - R' diag(inverse) R + A A', A = constant + R' slope.
    """

    genetic: FloatArray  # (n_target,)
    inverse: FloatArray  # (n_target, n)
    constant: FloatArray  # (n_target, n_term)
    slope: FloatArray  # (n_target, n, n_term)
    noise: FloatArray  # (n_target,) residual variance of a value of weight 1
    component_se: FloatArray  # (n_target, 3) of genetic and residual variance, and h2


def averaged_error(
    split: Decomposition,
    y: FloatArray,  # (n,)
    reported: Components,
    x: FloatArray | None = None,  # (n, n_fixed)
) -> ErrorTerms:
    """Return the error of mean + g_hat of one target at average fixed effects.

    Parameters
    ----------
    split
        Of the kernel over the rows of `y`, weights included.
    y
        Phenotypes without missing values.
    reported
        Components of the prediction whose error is asked.
    x
        Fixed effects, the intercept first and the others centred; default: it alone.

    References
    ----------
    Henderson 1975, Biometrics 31:423 (error variance at given components); Sorensen &
    Gianola 2002, Likelihood, Bayesian, and MCMC Methods, ch. 6 (their uncertainty).
    """
    values, rotated = split.values, split.rotate(y)
    fixed = split.rotate(np.ones((y.size, 1)) if x is None else x)
    loss, _ = profile_likelihood(values, rotated, fixed, SHARES)
    chance = np.cumsum(np.exp(loss.min() - loss))
    at = np.searchsorted(chance / chance[-1], (np.arange(N_NODE) + 0.5) / N_NODE)
    level, weight_of = _solution(values, rotated, fixed, reported)
    genetic = noise = 0.0
    inverse, constant, slope = np.zeros(y.size), [], []
    for h2 in SHARES[at]:
        part = components_rotated(values, rotated, fixed, float(h2))
        precision = 1 / (part.genetic * values + part.residual)
        weighted = precision[:, None] * fixed
        # B B' is the covariance of the fixed effects
        root = np.linalg.inv(np.linalg.cholesky(fixed.T @ weighted)).T
        other_level, other_weight = _solution(values, rotated, fixed, part)
        genetic += part.genetic / N_NODE
        noise += part.residual / N_NODE
        inverse += part.genetic**2 * precision / N_NODE
        constant += [*root[0], other_level - level]
        slope += [*(-part.genetic * weighted @ root).T, other_weight - weight_of]
    return ErrorTerms(
        np.array([genetic]),
        inverse[None],
        np.array([constant]) / np.sqrt(N_NODE),
        np.stack(slope, axis=1)[None] / np.sqrt(N_NODE),
        np.array([noise]),
        component_errors(values, fixed, reported)[None],
    )


def _solution(
    values: FloatArray, y: FloatArray, x: FloatArray, components: Components
) -> tuple[float, FloatArray]:  # intercept, (n,) g_hat = R' weights
    precision = 1 / (components.genetic * values + components.residual)
    weighted = precision[:, None] * x
    fixed = np.linalg.solve(weighted.T @ x, weighted.T @ y)
    return float(fixed[0]), components.genetic * precision * (y - x @ fixed)


def join_terms(terms: list[ErrorTerms]) -> ErrorTerms:
    """Return the terms of several targets as one record."""
    return ErrorTerms(
        *(
            np.concatenate([getattr(term, item.name) for term in terms])
            for item in fields(ErrorTerms)
        )
    )
