"""Error of the genetic values of a kernel model, jointly over lines.

The share of the kernel is not known but estimated: the error is averaged over what
the restricted likelihood says of it, and holds how far the prediction at each share
lies from the one that is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from meristem.mixed.reml import (
    Components,
    Decomposition,
    component_errors,
    components_of_share,
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
    *,
    known_residual: bool = False,
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
    known_residual
        Whether the residual variance is known, and the genetic one alone averaged.

    References
    ----------
    Henderson 1975, Biometrics 31:423 (error variance at given components); Sorensen &
    Gianola 2002, Likelihood, Bayesian, and MCMC Methods, ch. 6 (their uncertainty).
    """
    values, rotated = split.values, split.rotate(y)
    fixed = split.rotate(np.ones((y.size, 1)) if x is None else x)
    likelihood = partial(
        profile_likelihood,
        values,
        rotated,
        fixed,
        residual=reported.residual if known_residual else None,
    )

    def solve(part: Components, columns: FloatArray) -> FloatArray:
        return columns / (part.genetic * values + part.residual)[:, None]

    parts = probable_components(likelihood)
    constant, slope = level_errors(solve, rotated, fixed, reported, parts)
    inverse = np.mean(
        [p.genetic**2 / (p.genetic * values + p.residual) for p in parts], axis=0
    )
    genetic = np.mean([part.genetic for part in parts])
    noise = np.mean([part.residual for part in parts])
    return ErrorTerms(
        np.array([genetic]),
        inverse[None],
        constant[None],
        slope[None],
        np.array([noise]),
        component_errors(values, fixed, reported)[None],
    )


def probable_components(
    likelihood: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> list[Components]:
    """Return components at quantiles of equal probability of the kernel's share."""
    loss, _ = likelihood(SHARES)
    chance = np.cumsum(np.exp(loss.min() - loss))
    at = np.searchsorted(chance / chance[-1], (np.arange(N_NODE) + 0.5) / N_NODE)
    return [components_of_share(likelihood, float(h2)) for h2 in SHARES[at]]


def level_errors(
    solve: Callable[[Components, FloatArray], FloatArray],
    y: FloatArray,  # (n,) rotated
    x: FloatArray,  # (n, n_fixed) rotated
    reported: Components,
    parts: Sequence[Components],
) -> tuple[FloatArray, FloatArray]:  # (n_term,), (n, n_term)
    """Return constant and slope of `ErrorTerms`, in the basis of `y`.

    Parameters
    ----------
    solve
        Gives V^-1 of some columns, of components, in that basis.
    parts
        Components that are equally probable.
    """

    def solution(part: Components) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        solved = solve(part, np.column_stack([x, y]))
        weighted, information = solved[:, :-1], x.T @ solved[:, :-1]
        effect = np.linalg.solve(information, x.T @ solved[:, -1])
        weight = part.genetic * (solved[:, -1] - weighted @ effect)
        return float(effect[0]), weight, weighted, information

    level, weight = solution(reported)[:2]
    constant, slope = [], []
    for part in parts:
        other_level, other_weight, weighted, information = solution(part)
        # B B' is the covariance of the fixed effects
        root = np.linalg.inv(np.linalg.cholesky(information)).T
        constant += [*root[0], other_level - level]
        slope += [*(-part.genetic * weighted @ root).T, other_weight - weight]
    size = np.sqrt(len(parts))
    return np.array(constant) / size, np.stack(slope, axis=1) / size


def join_terms(terms: list[ErrorTerms]) -> ErrorTerms:
    """Return the terms of several targets as one record."""
    return ErrorTerms(
        *(
            np.concatenate([getattr(term, item.name) for term in terms])
            for item in fields(ErrorTerms)
        )
    )
