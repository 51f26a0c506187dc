"""Covariances among environments by REML, and what they predict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import scipy

from meristem.mixed.trials.covariance import Covariance
from meristem.mixed.trials.likelihood import Likelihood, Records, likelihood_of
from meristem.records import FloatArray

STEP = 1e-4
"""Of the numerical derivatives in the parameters."""


@dataclass(frozen=True)
class TrialFit:
    """One trait of lines in environments."""

    genetic: FloatArray  # (t, t) Sg
    residual: FloatArray  # (t, t) Se
    mean: FloatArray  # (t,) of the environments
    dual: FloatArray  # (n_record,) P y
    log_likelihood: float  # restricted, without constants
    theta: FloatArray  # (n_parameter,) of Sg, then of Se
    se: FloatArray  # (n_parameter,) standard errors of the parameters
    rounds: int
    error: FloatArray = field(default_factory=lambda: np.empty((0, 0, 0)))
    # (2, t, t) standard errors of Sg and Se: of variances, beside them of correlations


def fit_trials(
    records: Records,
    kernel: FloatArray,  # (n_line, n_line)
    genetic: Covariance,
    residual: Covariance,
    *,
    errors: bool = True,
) -> TrialFit:
    """Return the covariances of largest restricted likelihood.

    Incomplete tables start from the fit of the lines that are in every environment,
    where there are enough of them.

    Parameters
    ----------
    records
        Sorted by line, then environment.
    kernel
        Of all lines, mean diagonal about 1.
    genetic, residual
        Structures among environments.
    errors
        Whether standard errors of the parameters are wanted.

    References
    ----------
    Patterson & Thompson 1971, Biometrika 58:545 (REML); Burgueno et al. 2012, Crop Sci
    52:707 (genomic covariances among environments).

    Examples
    --------
    >>> from meristem.mixed.trials.covariance import Weighted
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> one = (np.ones((1, 1)),)
    >>> zero = np.zeros(12, dtype=np.int64)
    >>> records = Records(np.arange(12), zero, y, np.ones(12), 1)
    >>> fit = fit_trials(records, family, Weighted(one), Weighted(one))
    >>> round(float(fit.genetic[0, 0]), 2), round(float(fit.residual[0, 0]), 2)
    (6.92, 0.25)
    """
    scaled, scale = _scaled(records)
    cut = genetic.start(np.eye(records.n_place)).size
    theta = _start(scaled, kernel, genetic, residual)
    likelihood = likelihood_of(scaled, kernel)
    theta, rounds = _climb(likelihood, genetic, residual, theta)
    both = genetic.matrix(theta[:cut]), residual.matrix(theta[cut:])
    point = likelihood.at(*both)
    se, error = np.full(theta.size, np.nan), np.empty((0, 0, 0))
    if errors:
        curvature = _curvature(likelihood, genetic, residual, theta)
        se = np.sqrt(np.maximum(np.diag(_inverse(curvature)), 0))
        error = _matrix_errors(curvature, genetic, residual, theta, scale)
    dual, mean = likelihood.weights(*both)
    root = np.sqrt(scale)
    free = records.y.size - records.n_place
    return TrialFit(
        both[0] * scale,
        both[1] * scale,
        mean * root,
        dual / root,
        point.log_likelihood - 0.5 * free * float(np.log(scale)),
        theta,
        se,
        rounds,
        error,
    )


def covariance_errors(
    records: Records,
    kernel: FloatArray,  # (n_line, n_line)
    genetic: Covariance,
    residual: Covariance,
    theta: FloatArray,  # (n_parameter,) of `fit_trials` with these arguments
) -> FloatArray:  # (2, t, t)
    """Return `TrialFit.error` of a fit that was made without errors."""
    scaled, scale = _scaled(records)
    curvature = _curvature(likelihood_of(scaled, kernel), genetic, residual, theta)
    return _matrix_errors(curvature, genetic, residual, theta, scale)


def _scaled(records: Records) -> tuple[Records, float]:
    """Return records of mean variance 1 within environments, and what it was."""
    scale = _scale(records)
    return replace(records, y=records.y / np.sqrt(scale)), scale


def _scale(records: Records) -> float:
    """Return the mean variance within environments."""
    parts = [records.y[records.place == k] for k in range(records.n_place)]
    found = float(np.mean([np.var(part) for part in parts if part.size > 1]))
    size = float(np.mean(records.y**2))
    return found if found > 1e-24 * size else size or 1.0


def _start(
    records: Records, kernel: FloatArray, genetic: Covariance, residual: Covariance
) -> FloatArray:
    t = records.n_place
    near = 0.5 * (0.6 * np.eye(t) + 0.4 * np.ones((t, t)))
    theta = np.concatenate([genetic.start(near), residual.start(0.5 * np.eye(t))])
    count = np.bincount(records.line, minlength=kernel.shape[0])
    whole = np.isin(records.line, np.flatnonzero(count == t))
    if records.complete or whole.sum() < 40 * t:
        return theta
    lines, line = np.unique(records.line[whole], return_inverse=True)
    part = Records(
        line, records.place[whole], records.y[whole], np.ones(whole.sum()), t
    )
    among = kernel[np.ix_(lines, lines)]
    return _climb(likelihood_of(part, among), genetic, residual, theta)[0]


def _climb(
    likelihood: Likelihood,
    genetic: Covariance,
    residual: Covariance,
    theta: FloatArray,
) -> tuple[FloatArray, int]:
    bounds = [*genetic.bounds(), *residual.bounds()]

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        return _loss(likelihood, genetic, residual, at)

    found = scipy.optimize.minimize(
        loss,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-5},
    )
    return np.asarray(found.x), int(found.nit)


def _loss(
    likelihood: Likelihood,
    genetic: Covariance,
    residual: Covariance,
    theta: FloatArray,
) -> tuple[float, FloatArray]:
    cut = len(genetic.bounds())
    first, second = theta[:cut], theta[cut:]
    try:
        point = likelihood.at(genetic.matrix(first), residual.matrix(second))
    except np.linalg.LinAlgError:  # too long a step of the search
        return 1e10, np.zeros(theta.size)
    slope = [
        genetic.chain(first, point.genetic),
        residual.chain(second, point.residual),
    ]
    return -point.log_likelihood, -np.concatenate(slope)


def _curvature(
    likelihood: Likelihood,
    genetic: Covariance,
    residual: Covariance,
    theta: FloatArray,
) -> FloatArray:
    """Return minus the second derivative of the likelihood."""
    rows = []
    for k in range(theta.size):
        move = np.zeros(theta.size)
        move[k] = STEP
        ends = [
            _loss(likelihood, genetic, residual, theta + sign * move)[1]
            for sign in (1, -1)
        ]
        rows.append((ends[0] - ends[1]) / (2 * STEP))
    curvature = np.array(rows)
    return np.asarray((curvature + curvature.T) / 2)


def _inverse(curvature: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.pinv(curvature, hermitian=True))


def _matrix_errors(
    curvature: FloatArray,
    genetic: Covariance,
    residual: Covariance,
    theta: FloatArray,
    scale: float,
) -> FloatArray:  # (2, t, t)
    """Return standard errors of variances and correlations by the delta method.

    A parameter at its bound counts as known; what depends on no other has none (NaN).
    """
    bounds = [*genetic.bounds(), *residual.bounds()]
    ends = np.array([[np.nan if e is None else e for e in b] for b in bounds])
    free = ~(np.abs(theta[:, None] - ends) < STEP).any(axis=1)
    cut = len(genetic.bounds())

    def told(at: FloatArray) -> FloatArray:  # (2, t, t)
        matrices = genetic.matrix(at[:cut]), residual.matrix(at[cut:])
        return np.stack([_variances_and_correlations(one) for one in matrices])

    moves = STEP * np.eye(theta.size)[free]
    slope = [(told(theta + m) - told(theta - m)) / (2 * STEP) for m in moves]
    shape = told(theta).shape
    if not slope:
        return np.full(shape, np.nan)
    jacobian = np.stack(slope).reshape(len(slope), -1)
    inverse = _inverse(curvature[np.ix_(free, free)])
    variance = np.einsum("ij,ik,kj->j", jacobian, inverse, jacobian)
    known = variance > STEP**3  # less is rounding
    error = np.sqrt(np.where(known, variance, np.nan)).reshape(shape)
    error[:, np.eye(shape[1], dtype=bool)] *= scale
    return np.asarray(error)


def _variances_and_correlations(matrix: FloatArray) -> FloatArray:  # (t, t)
    sd = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    found = matrix / np.outer(sd, sd)
    np.fill_diagonal(found, np.diag(matrix))
    return np.asarray(found)
