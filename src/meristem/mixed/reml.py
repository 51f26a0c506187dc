"""Variance components of one kernel by one eigendecomposition, and what follows.

The model is y = X b + g + e with g ~ N(0, s_g K) and e ~ N(0, s_e W^-1); W holds
the weights. With W^.5 K W^.5 = U diag(v) U' every likelihood costs O(n), and each
further trait with the same rows and weights only a rotation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy.linalg
from scipy.special import expit

from meristem.records import FloatArray

_DIVIDED = 6000  # rows up to which the memory of divide and conquer is at hand

LOGIT_BOUND = 11.0
"""h2 is searched up to expit(11)."""
LEAST_SQUARES = 1e-100
"""Sum of squares that y explained by X alone is taken to leave.

Its logarithm, its inverse and the square of that are finite; no trait is measured on
a scale where it matters (`io.tables.plausible.SMALLEST_SPREAD`)."""

H2_MIN = 1e-3
"""Smallest h2 of an estimate.

A likelihood that falls from zero on would predict the same value for every line. At
this h2 the predictions are as good as constant, but still rank the lines.
"""


@dataclass(frozen=True)
class Decomposition:
    """W^.5 K W^.5 = U diag(values) U', or L^-1 K L^-T of errors of covariance L L'."""

    values: FloatArray  # (n,) >= 0
    vectors: FloatArray  # (n, n) U
    root_weight: FloatArray  # (n,) W^.5
    whiten: FloatArray | None = None  # (n, n) L^-1, in the place of W^.5

    def rotate(self, columns: FloatArray) -> FloatArray:  # (n, k) or (n,)
        """Return U' W^.5 columns, or U' L^-1 columns."""
        if self.whiten is not None:
            return self.vectors.T @ (self.whiten @ columns)
        if columns.ndim == 1:
            return self.vectors.T @ (self.root_weight * columns)
        return self.vectors.T @ (self.root_weight[:, None] * columns)


@dataclass(frozen=True)
class Components:
    """Variance components of one kernel."""

    genetic: float  # s_g, variance on the diagonal of K
    residual: float  # s_e, at weight 1
    h2: float  # s_g / (s_g + s_e)
    log_likelihood: float  # restricted, up to a constant of the data


@dataclass(frozen=True)
class Precision:
    """P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1, as U (diag(inverse) - H H') U'."""

    vectors: FloatArray  # (n, n) U
    inverse: FloatArray  # (n,)
    half: FloatArray  # (n, n_fixed) H

    def apply(self, columns: FloatArray) -> FloatArray:  # (n,) or (n, k)
        """Return P columns."""
        rotated = self.vectors.T @ columns
        scaled = (self.inverse * rotated.T).T
        return self.vectors @ (scaled - self.half @ (self.half.T @ rotated))

    def quadratic(self, columns: FloatArray) -> FloatArray:  # (n, k) -> (k,)
        """Return the diagonal of columns' P columns."""
        rotated = self.vectors.T @ columns
        along = np.einsum("ij,i,ij->j", rotated, self.inverse, rotated)
        fixed = self.half.T @ rotated
        return along - np.einsum("ij,ij->j", fixed, fixed)


def decompose(
    kernel: FloatArray,  # (n, n) symmetric, positive semi-definite
    weight: FloatArray | None = None,  # (n,)
    *,
    overwrite: bool = False,
) -> Decomposition:
    """Return the eigendecomposition of the weighted kernel.

    With `overwrite` the kernel is used up, which spares a matrix of its size.
    """
    kernel, root_weight, overwrite = weighted_kernel(kernel, weight, overwrite)
    # divide and conquer is faster, and needs two matrices more
    driver = "evd" if kernel.shape[0] <= _DIVIDED else "evr"
    values, vectors = scipy.linalg.eigh(
        # its own transpose: LAPACK works on columns, and would copy rows
        kernel.T,
        check_finite=False,
        driver=driver,
        overwrite_a=overwrite,
    )
    return Decomposition(np.maximum(values, 0), vectors, root_weight)


def weighted_kernel(
    kernel: FloatArray,  # (n, n)
    weight: FloatArray | None,  # (n,)
    overwrite: bool,
) -> tuple[FloatArray, FloatArray, bool]:  # (n, n), (n,)
    """Return W^.5 K W^.5, W^.5, and whether the first may be used up."""
    root_weight = np.ones(kernel.shape[0]) if weight is None else np.sqrt(weight)
    if np.all(root_weight == 1):
        return kernel, root_weight, overwrite
    if not overwrite:
        kernel = kernel.copy()
    kernel *= root_weight
    kernel *= root_weight[:, None]
    return kernel, root_weight, True


def profile_likelihood(
    values: FloatArray,  # (n,)
    y: FloatArray,  # (n,) rotated
    x: FloatArray,  # (n, n_fixed) rotated
    h2: FloatArray,  # (n_candidate,)
    residual: float | None = None,
) -> tuple[FloatArray, FloatArray]:  # (n_candidate,), (n_candidate,)
    """Return -log restricted likelihood and s_g + s_e for each candidate h2.

    The sum is the most likely one, or that of a residual variance s_e that is known.

    References
    ----------
    Lippert et al. 2011, Nature Methods 8:833 (FaST-LMM); Kang et al. 2008,
    Genetics 178:1709 (EMMA), restricted form.
    """
    n, n_fixed = x.shape
    diagonal = np.multiply.outer(h2, values - 1) + 1  # (n_candidate, n)
    design = np.column_stack([x, y])
    pairs = design[:, :, None] * design[:, None, :]  # (n, n_fixed + 1, n_fixed + 1)
    moments = (1 / diagonal) @ pairs.reshape(n, -1)
    moments = moments.reshape(h2.size, n_fixed + 1, n_fixed + 1)
    log_det = np.log(diagonal).sum(axis=1)
    if residual is None:
        return profile(moments, log_det, n)
    total = residual / (1 - h2)
    quadratic, log_det_x = _left(moments)
    free = (n - n_fixed) * np.log(total)
    return 0.5 * (free + quadratic / total + log_det_x + log_det), total


def profile(
    moments: FloatArray,  # (n_candidate, n_fixed + 1, n_fixed + 1)
    log_det: FloatArray,  # (n_candidate,) of V
    n: int,
) -> tuple[FloatArray, FloatArray]:  # (n_candidate,), (n_candidate,)
    """Return what `profile_likelihood` returns, from [X y]' V^-1 [X y]."""
    n_fixed = moments.shape[1] - 1
    quadratic, log_det_x = _left(moments)
    total = np.maximum(quadratic, LEAST_SQUARES) / (n - n_fixed)
    log_det = log_det_x + log_det
    return 0.5 * ((n - n_fixed) * (np.log(total) + 1) + log_det), total


def _left(moments: FloatArray) -> tuple[FloatArray, FloatArray]:  # (n_candidate,) each
    """Return y' P y and log |X' V^-1 X|, at s_g + s_e = 1."""
    xvx, xvy = moments[:, :-1, :-1], moments[:, :-1, -1]
    beta = np.linalg.solve(xvx, xvy[:, :, None])[:, :, 0]
    quadratic = moments[:, -1, -1] - np.sum(beta * xvy, axis=1)
    return quadratic, np.linalg.slogdet(xvx)[1]


def estimate(
    decomposition: Decomposition,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
) -> Components:
    """Return the REML variance components.

    Parameters
    ----------
    decomposition
        Of the kernel over the rows of `y`, weights included.
    y
        Phenotypes without missing values.
    x
        Fixed effects, the intercept among them, of full column rank.

    References
    ----------
    Patterson & Thompson 1971, Biometrika 58:545; Lippert et al. 2011.

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> fit = estimate(decompose(kernel), y, np.ones((12, 1)))
    >>> round(fit.genetic, 3), round(fit.residual, 3)  # ANOVA: (MSB - MSW) / 3, MSW
    (6.917, 0.25)
    """
    rotated_y, rotated_x = decomposition.rotate(y), decomposition.rotate(x)
    return estimate_rotated(decomposition.values, rotated_y, rotated_x)


def estimate_rotated(
    values: FloatArray,  # (n,)
    y: FloatArray,  # (n,) rotated
    x: FloatArray,  # (n, n_fixed) rotated
) -> Components:
    """Return the REML variance components of rotated data, O(n) per trait."""
    return most_likely(partial(profile_likelihood, values, y, x))


def most_likely(
    likelihood: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> Components:
    """Return the components of the largest restricted likelihood.

    It can have two maxima: a grid over logit(h2) first, then ever finer grids around
    the best point, then the vertex of a parabola.

    Parameters
    ----------
    likelihood
        What `profile_likelihood` returns for shares of the kernel.
    """
    centre, width, points = 0.0, LOGIT_BOUND, 23
    for _ in range(4):
        grid = np.linspace(centre - width, centre + width, points)
        grid = np.clip(grid, -LOGIT_BOUND, LOGIT_BOUND)
        loss, _ = likelihood(expit(grid))
        best = int(np.argmin(loss))
        centre, width, points = float(grid[best]), 2 * width / (points - 1), 11
    if 0 < best < grid.size - 1:
        before, here, after = loss[best - 1 : best + 2]
        bend = before - 2 * here + after
        if bend > 0:
            centre += float(0.5 * (before - after) / bend) * width
    return components_of_share(likelihood, max(float(expit(centre)), H2_MIN))


def components_at(
    decomposition: Decomposition,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
    h2: float,
) -> Components:
    """Return the components of the largest restricted likelihood for a given h2."""
    rotated_y, rotated_x = decomposition.rotate(y), decomposition.rotate(x)
    return components_rotated(decomposition.values, rotated_y, rotated_x, h2)


def components_rotated(
    values: FloatArray,  # (n,)
    y: FloatArray,  # (n,) rotated
    x: FloatArray,  # (n, n_fixed) rotated
    h2: float,
) -> Components:
    """Return what `components_at` returns, of rotated data."""
    return components_of_share(partial(profile_likelihood, values, y, x), h2)


def components_of_share(
    likelihood: Callable[[FloatArray], tuple[FloatArray, FloatArray]], h2: float
) -> Components:
    """Return the most likely components of which the kernel has a given share."""
    loss, total = likelihood(np.array([h2]))
    variance = float(total[0])
    return Components(h2 * variance, (1 - h2) * variance, h2, -float(loss[0]))


def with_noise(components: Components, y: FloatArray) -> Components:
    """Keep a residual variance where y is constant or explained to the last digit.

    It follows the unit of y, and its level only where nothing but rounding varies.
    """
    size = float(np.mean(y**2)) or 1.0
    total = components.genetic + components.residual
    floor = 1e-12 * (total if total > 1e-24 * size else size)
    return replace(components, residual=max(components.residual, floor))


def precision(
    decomposition: Decomposition,
    x: FloatArray,  # (n, n_fixed)
    components: Components,
) -> Precision:
    """Return P of the fitted model; P y are the dual weights of the BLUP."""
    inverse = _inverse(decomposition, components)
    weighted_x = inverse[:, None] * decomposition.rotate(x)
    root = np.linalg.cholesky(decomposition.rotate(x).T @ weighted_x)
    half = scipy.linalg.solve_triangular(root, weighted_x.T, lower=True).T
    vectors = decomposition.vectors
    if decomposition.whiten is not None:
        vectors = decomposition.whiten.T @ vectors
    elif not np.all(decomposition.root_weight == 1):
        vectors = decomposition.root_weight[:, None] * vectors
    return Precision(vectors, inverse, half)


def fixed_effect(
    decomposition: Decomposition,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
    components: Components,
) -> FloatArray:  # (n_fixed,)
    """Return the generalised least-squares estimate of the fixed effects."""
    inverse = _inverse(decomposition, components)
    rotated_x = decomposition.rotate(x)
    weighted = inverse[:, None] * rotated_x
    information = rotated_x.T @ weighted
    return scipy.linalg.solve(information, weighted.T @ decomposition.rotate(y))


def component_errors(
    values: FloatArray,  # (n,)
    x: FloatArray,  # (n,) or (n, n_fixed) rotated fixed effects
    components: Components,
) -> FloatArray:  # (3,)
    """Return the standard errors of s_g, s_e and h2, from the expected information.

    The information of two components is tr(P K_i P K_j) / 2; that of h2 follows by
    the delta method.

    References
    ----------
    Searle, Casella & McCulloch 1992, Variance Components, ch. 6.6 (REML).

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.kron(np.eye(4), np.ones((3, 3)))
    >>> split = decompose(kernel)
    >>> found = Components(genetic=2.0, residual=1.0, h2=2 / 3, log_likelihood=0.0)
    >>> se = component_errors(split.values, split.rotate(np.ones(12)), found)
    >>> se.round(3)  # balanced ANOVA: s_e sqrt(2 / 8) is that of the residual
    array([1.912, 0.5  , 0.248])
    """
    weight = 1 / (components.genetic * values + components.residual)
    design = x.reshape(values.size, -1)
    # P = diag(weight) - H H', of which tr(P K_i P K_j) needs these sums
    root = np.linalg.cholesky(design.T @ (weight[:, None] * design))
    half = scipy.linalg.solve_triangular(root, (weight[:, None] * design).T, lower=True)
    fixed = np.einsum("kn,kn->n", half, half)
    parts = np.stack([values, np.ones_like(values)])  # (2, n)
    information = (parts * (weight**2 - 2 * fixed * weight)) @ parts.T
    along = np.einsum("kn,in,ln->ikl", half, parts, half)
    information += np.einsum("ikl,jkl->ij", along, along)
    return errors_of(information, components)


def errors_of(
    information: FloatArray,  # (2, 2) tr(P K_i P K_j), twice that of REML
    components: Components,
) -> FloatArray:  # (3,)
    """Return the standard errors of s_g, s_e and h2."""
    genetic, residual = components.genetic, components.residual
    covariance = 2 * np.linalg.pinv(information)
    slope = np.array([residual, -genetic]) / (genetic + residual) ** 2
    variance = [*np.diag(covariance), slope @ covariance @ slope]
    return np.sqrt(np.maximum(variance, 0))


def leave_one_out(
    decomposition: Decomposition,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
    h2: FloatArray,  # (n_candidate,)
) -> FloatArray:  # (n_candidate, n)
    """Return exact leave-one-out residuals for each candidate h2.

    Each row is y_i - y_hat_i of the model fitted without row i: (P y)_i / P_ii.

    References
    ----------
    Cook & Weisberg 1982, ch. 2, in the form of generalised least squares.
    """
    squared = decomposition.vectors**2  # (n, n)
    rotated_y, rotated_x = decomposition.rotate(y), decomposition.rotate(x)
    residual = np.empty((h2.size, y.size))
    for row, ratio in enumerate(h2):
        inverse = 1 / (ratio * decomposition.values + 1 - ratio)
        weighted = inverse[:, None] * rotated_x
        root = np.linalg.cholesky(rotated_x.T @ weighted)
        half = scipy.linalg.solve_triangular(root, weighted.T, lower=True)
        projected = inverse * rotated_y - half.T @ (half @ rotated_y)
        fixed = decomposition.vectors @ half.T  # (n, n_fixed)
        diagonal = squared @ inverse - np.einsum("ij,ij->i", fixed, fixed)
        residual[row] = (decomposition.vectors @ projected) / diagonal
    return residual / decomposition.root_weight


def _inverse(decomposition: Decomposition, components: Components) -> FloatArray:
    return 1 / (components.genetic * decomposition.values + components.residual)
