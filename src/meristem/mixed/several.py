"""Variance components of several kernels: average information, kept non-negative.

The model is y = X b + sum_k g_k + e, g_k ~ N(0, s_k K_k), e ~ N(0, s_e W^-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
import scipy.linalg

from meristem.mixed.reml import H2_MIN, Precision
from meristem.mixed.targets import Target
from meristem.records import FloatArray

RESIDUAL_FLOOR = 1e-4
"""Smallest residual variance, as a share of the phenotypic variance.

Kernels summed in float32 have eigenvalues a little below zero; the floor keeps the
covariance positive definite.
"""


@dataclass(frozen=True)
class MultiComponents:
    """Variance components of several kernels."""

    genetic: FloatArray  # (n_kernel,) s_k >= 0
    residual: float  # s_e, at weight 1
    log_likelihood: float  # restricted, up to a constant of the data
    rounds: int
    converged: bool


@dataclass(frozen=True)
class KernelsFit:
    """One target over several kernels: its components and what predicts."""

    genetic: FloatArray  # (n_kernel,) the first one at least `H2_MIN` of the residual
    residual: float  # at weight 1
    log_likelihood: float
    intercept: float
    dual: FloatArray  # (n_rows,) P y: kernel k predicts genetic[k] * K_k dual
    precision: Precision


@dataclass(frozen=True)
class KernelREML:
    """The model y = X b + sum_k g_k + e, to be fitted to any number of targets.

    X is the intercept and what the values of a target have lost (`Target.design`).

    Examples
    --------
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> target = Target(0, np.arange(12), y, np.ones(12))
    >>> fit = KernelREML((family, np.eye(12))).fit(target)
    >>> round(float(fit.genetic[0]), 2), round(fit.intercept, 2)
    (6.92, 3.5)
    """

    kernels: tuple[FloatArray, ...]  # each (n_train, n_train)
    least_gain: float = 1e-9  # of the log likelihood in a round that goes on

    def fit(self, target: Target) -> KernelsFit:
        """Return components and dual weights of the rows of one target."""
        return fit_kernels(self.of(target), target, least_gain=self.least_gain)

    def of(self, target: Target) -> list[FloatArray]:  # each (n_rows, n_rows)
        """Return the kernels over the rows of a target."""
        if target.rows.size == self.kernels[0].shape[0]:
            return list(self.kernels)
        block = np.ix_(target.rows, target.rows)
        return [kernel[block] for kernel in self.kernels]


def fit_kernels(
    kernels: Sequence[FloatArray],  # each (n_rows, n_rows)
    target: Target,
    *,
    least_gain: float = 1e-9,
) -> KernelsFit:
    """Return what `KernelREML.fit` does, of kernels over the rows of the target."""
    design = target.design
    found = estimate_multi(
        kernels, target.y, design, weight=target.weight, least_gain=least_gain
    )
    genetic = ranking_floor(found.genetic, found.residual)
    fitted = precision_multi(kernels, design, genetic, found.residual, target.weight)
    return KernelsFit(
        genetic,
        found.residual,
        found.log_likelihood,
        float(fixed_effect_multi(fitted, target.y, design)[0]),
        fitted.apply(target.y),
        fitted,
    )


@dataclass(frozen=True)
class _Point:
    """Everything the next step needs, at one value of the components."""

    variance: FloatArray  # (n_kernel + 1,) the last one residual
    log_likelihood: float
    projection: FloatArray  # (n, n) P
    projected_y: FloatArray  # (n,) P y
    trace: FloatArray  # (n_kernel + 1,) tr(P K)
    quadratic: FloatArray  # (n_kernel + 1,) y' P K P y
    image: FloatArray  # (n, n_kernel + 1) K P y


def estimate_multi(
    kernels: Sequence[FloatArray],  # each (n, n)
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
    *,
    weight: FloatArray | None = None,  # (n,)
    start: FloatArray | None = None,  # (n_kernel + 1,) the last one residual
    max_rounds: int = 100,
    tolerance: float = 1e-6,
    least_gain: float = 1e-9,
) -> MultiComponents:
    """Return REML variance components of several kernels, none negative.

    An average-information step is tried first: to the top of its parabola among
    components that are not negative, and halved twice at most. Where it does
    not raise the likelihood, the multiplicative step s <- s sqrt(y'PKPy / tr(PK))
    is taken, which never lowers it.

    Parameters
    ----------
    kernels
        Covariance structures over the rows of `y`; may be singular.
    y
        Phenotypes without missing values.
    x
        Fixed effects, the intercept among them.
    weight
        Relative precision of each value; default 1.
    start
        Components to start from; default: equal shares.
    max_rounds
        Steps at most; `converged` says whether fewer sufficed.
    tolerance
        Change of every component, as a share of the total, at which to stop.
    least_gain
        Gain of the log likelihood below which to stop. Kernels that are alike leave
        the likelihood flat for many rounds, in which predictions hardly change.

    References
    ----------
    Gilmour, Thompson & Cullis 1995, Biometrics 51:1440 (average information);
    Zhou, Hu, Zhou & Lange 2019, J Comput Graph Stat 28:350 (multiplicative step).

    Examples
    --------
    >>> import numpy as np
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> fit = estimate_multi([family], y, np.ones((12, 1)))
    >>> round(float(fit.genetic[0]), 3), round(fit.residual, 3)
    (6.917, 0.25)
    """
    n = y.size
    if np.ptp(y) == 0:  # nothing to part; the residual is kept above 0
        none = np.zeros(len(kernels))
        return MultiComponents(none, RESIDUAL_FLOOR, 0.0, rounds=0, converged=True)
    scale = float(np.var(y)) or 1.0
    noise = np.ones(n) if weight is None else 1 / weight
    # inside, a component of 1 adds 1 to the mean diagonal: no kernel's scale matters
    diagonal = np.array([*(np.trace(k) / n for k in kernels), np.mean(noise)])
    unit = np.where(diagonal > 1e-12, 1 / np.maximum(diagonal, 1e-12), 0.0)
    problem = _Problem(tuple(kernels), noise, unit, y / np.sqrt(scale), x)
    if start is None:
        first = np.where(unit > 0, 1 / unit.size, 0.0)
    else:
        first = np.maximum(start * diagonal / scale, 0)
    first[-1] = max(first[-1], RESIDUAL_FLOOR)
    point = problem.at(first)
    converged = False
    rounds = 0
    while rounds < max_rounds and not converged:
        rounds += 1
        following = _information_step(problem, point) or _multiplicative_step(
            problem, point
        )
        change = np.abs(following.variance - point.variance).max()
        gain = following.log_likelihood - point.log_likelihood
        converged = change < tolerance * following.variance.sum() or gain < least_gain
        point = following
    return MultiComponents(
        genetic=(point.variance * unit)[:-1] * scale,
        residual=float((point.variance * unit)[-1] * scale),
        log_likelihood=point.log_likelihood - 0.5 * (n - x.shape[1]) * np.log(scale),
        rounds=rounds,
        converged=bool(converged),
    )


def ranking_floor(
    genetic: FloatArray,  # (n_kernel,)
    residual: float,
) -> FloatArray:  # (n_kernel,)
    """Return the components, the first one at least `H2_MIN` of the residual.

    With all of them zero every line would get the same prediction.
    """
    floored = genetic.copy()
    floored[0] = max(floored[0], H2_MIN * residual)
    return floored


def precision_multi(
    kernels: Sequence[FloatArray],  # each (n, n)
    x: FloatArray,  # (n, n_fixed)
    genetic: FloatArray,  # (n_kernel,)
    residual: float,
    weight: FloatArray | None = None,  # (n,)
) -> Precision:
    """Return P of the fitted model; P y are the dual weights of every BLUP."""
    n = x.shape[0]
    noise = np.ones(n) if weight is None else 1 / weight
    covariance = _covariance(kernels, noise, np.append(genetic, residual))
    root = scipy.linalg.cholesky(covariance, lower=True)
    inverse_root = scipy.linalg.solve_triangular(root, np.eye(n), lower=True)
    whitened_x = inverse_root @ x
    base = np.linalg.qr(whitened_x)[0]
    return Precision(inverse_root.T, np.ones(n), base)


def fixed_effect_multi(
    fitted: Precision,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n, n_fixed)
) -> FloatArray:  # (n_fixed,)
    """Return the generalised least-squares estimate of the fixed effects."""
    whitened_x = np.sqrt(fitted.inverse)[:, None] * (fitted.vectors.T @ x)
    whitened_y = np.sqrt(fitted.inverse) * (fitted.vectors.T @ y)
    return scipy.linalg.lstsq(whitened_x, whitened_y)[0]


def _covariance(
    kernels: Sequence[FloatArray],
    noise: FloatArray,  # (n,)
    variance: FloatArray,  # (n_kernel + 1,)
) -> FloatArray:  # (n, n)
    total = np.diag(variance[-1] * noise)
    for share, kernel in zip(variance, kernels, strict=False):
        if share > 0:
            total += share * kernel
    return total


@dataclass(frozen=True)
class _Problem:
    kernels: tuple[FloatArray, ...]
    noise: FloatArray  # (n,)
    unit: FloatArray  # (n_kernel + 1,) 1 / mean diagonal of each part, 0 if empty
    y: FloatArray  # (n,)
    x: FloatArray  # (n, n_fixed)

    def at(self, variance: FloatArray) -> _Point:
        covariance = _covariance(self.kernels, self.noise, variance * self.unit)
        root, _ = scipy.linalg.cho_factor(covariance, lower=True, check_finite=False)
        log_det = 2 * np.log(np.diag(root)).sum()
        inverse, _ = scipy.linalg.lapack.dpotri(root, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weighted_x = inverse @ self.x
        information = self.x.T @ weighted_x
        projection = inverse - weighted_x @ np.linalg.solve(information, weighted_x.T)
        projected_y = projection @ self.y
        image = np.stack(
            [*(k @ projected_y for k in self.kernels), self.noise * projected_y], axis=1
        )
        image *= self.unit
        trace = [float(np.vdot(projection, kernel)) for kernel in self.kernels]
        trace.append(float(np.diag(projection) @ self.noise))
        log_likelihood = -0.5 * (
            log_det + np.linalg.slogdet(information)[1] + self.y @ projected_y
        )
        return _Point(
            variance,
            float(log_likelihood),
            projection,
            projected_y,
            self.unit * np.array(trace),
            projected_y @ image,
            image,
        )


def _information_step(problem: _Problem, point: _Point) -> _Point | None:
    """Return the average-information step, or None where none was uphill."""
    score = 0.5 * (point.quadratic - point.trace)
    information = 0.5 * point.image.T @ (point.projection @ point.image)
    top = parabola_top(information, score, point.variance)
    for length in (1.0, 0.5, 0.25):
        variance = point.variance + length * (top - point.variance)
        variance[-1] = max(variance[-1], RESIDUAL_FLOOR)
        try:
            candidate = problem.at(variance)
        except scipy.linalg.LinAlgError:
            # too long a step: the residual is lost beside huge components
            continue
        if candidate.log_likelihood > point.log_likelihood:
            return candidate
    return None


def parabola_top(
    information: FloatArray,  # (n_component, n_component)
    score: FloatArray,  # (n_component,)
    variance: FloatArray,  # (n_component,) where both were computed
) -> FloatArray:  # (n_component,)
    """Return where the parabola of a likelihood is highest among values >= 0."""
    # equal or collinear kernels make the information singular
    size = np.trace(information) / score.size
    information = information + 1e-8 * size * np.eye(score.size)
    root = scipy.linalg.cholesky(information, lower=True, check_finite=False)
    level = information @ variance + score
    right = scipy.linalg.solve_triangular(root, level, lower=True)
    return np.asarray(scipy.optimize.nnls(root.T, right)[0])


def _multiplicative_step(problem: _Problem, point: _Point) -> _Point:
    ratio = np.maximum(point.quadratic, 0) / np.maximum(point.trace, 1e-300)
    variance = point.variance * np.sqrt(ratio)
    variance[-1] = max(variance[-1], RESIDUAL_FLOOR)
    return problem.at(variance)
