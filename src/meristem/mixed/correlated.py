"""BLUP with one kernel of a target whose errors are correlated, as a first stage knows.

The model is y = X b + g + e, g ~ N(0, s_g K), e ~ N(0, E). E is a given matrix times
a factor s_e that is estimated; or it is a given matrix R of known scale and s_e I
beside it, for what markers do not carry and R does not know. With E = L L' the rows of
L^-1 y have independent errors of equal variance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from meristem.mixed.error import ErrorTerms, averaged_error
from meristem.mixed.reml import (
    H2_MIN,
    Components,
    Decomposition,
    decompose,
    errors_of,
    estimate,
    precision,
    with_noise,
)
from meristem.mixed.several import estimate_multi
from meristem.mixed.targets import Target
from meristem.records import FloatArray


@dataclass(frozen=True)
class CorrelatedFit:
    """One target on the kernel whitened by its errors."""

    split: Decomposition
    components: Components  # the residual is that of a value of mean precision
    error: ErrorTerms


def fit_correlated(
    kernel: FloatArray,  # (n, n) of the rows of the target
    target: Target,
) -> CorrelatedFit:
    """Fit a target by REML with the covariance of its errors.

    Where its scale is known, s_g and s_e are estimated, and the error of predictions
    averages over s_g at that s_e.

    References
    ----------
    Piepho, Moehring, Schulz-Streeck & Ogutu 2012, Biometrical J 54:844; Damesa,
    Moehring, Worku & Piepho 2017, Agron J 109:845 (two stages, full covariance).

    Examples
    --------
    >>> import numpy as np
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> errors = 0.2 * np.eye(12) + 0.1  # 0.1 is of all rows, and of the intercept
    >>> target = Target(0, np.arange(12), y, np.ones(12), error=errors)
    >>> found = fit_correlated(family, target).components
    >>> round(found.genetic, 2), round(found.residual, 3)  # 0.25 (0.2 + 0.1) / 0.2
    (6.92, 0.375)
    """
    noise, y, design = target.noise, target.y, target.design
    if noise.known is None:
        split = decompose_whitened(kernel, noise.matrix)
        found = with_noise(estimate(split, y, design), y)
        return CorrelatedFit(split, found, averaged_error(split, y, found, design))
    several = estimate_multi([kernel], y, design, weight=noise)
    level = noise.level(several.residual)
    split = decompose_whitened(kernel, noise.covariance(several.residual) / level)
    genetic = max(float(several.genetic[0]), H2_MIN * level)
    h2 = genetic / (genetic + level)
    found = Components(genetic, level, h2, several.log_likelihood)
    error = averaged_error(split, y, found, design, known_residual=True)
    se = nugget_errors(split, design, found)
    return CorrelatedFit(split, found, replace(error, component_se=se[None]))


def decompose_whitened(
    kernel: FloatArray,  # (n, n)
    covariance: FloatArray,  # (n, n) of the errors, positive definite
) -> Decomposition:
    """Return the eigendecomposition of L^-1 K L^-T with L L' = covariance."""
    root = scipy.linalg.cholesky(covariance, lower=True)
    whiten = scipy.linalg.solve_triangular(root, np.eye(root.shape[0]), lower=True)
    half = whiten @ kernel @ whiten.T
    split = decompose((half + half.T) / 2, overwrite=True)
    return replace(split, whiten=whiten)


def nugget_errors(
    split: Decomposition,
    x: FloatArray,  # (n, n_fixed)
    components: Components,
) -> FloatArray:  # (3,)
    """Return standard errors of s_g, s_e and h2 where s_e I stands beside a known R."""
    assert split.whiten is not None
    fitted = precision(split, x, components)
    rotated = np.diag(fitted.inverse) - fitted.half @ fitted.half.T
    unit = split.vectors.T @ split.whiten
    seen = rotated * split.values, rotated @ (unit @ unit.T)
    information = np.array([[np.vdot(a.T, b) for b in seen] for a in seen])
    return errors_of(information, components)
