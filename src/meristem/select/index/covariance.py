"""Genetic and residual covariance of traits, and how their prediction errors go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.mixed.reml import Components, Decomposition, decompose, estimate
from meristem.records import FloatArray, IntArray

LEAST_LINES = 20
"""Lines measured for two traits, below which no covariance is estimated."""


@dataclass(frozen=True)
class TraitCovariance:
    """Covariance of the traits over lines, per unit of the mean kernel diagonal."""

    genetic: FloatArray  # (n_trait, n_trait)
    residual: FloatArray  # (n_trait, n_trait) of line means
    error: FloatArray  # (n_trait, n_trait) standard error of the genetic covariance

    @property
    def phenotypic(self) -> FloatArray:  # (n_trait, n_trait)
        """Covariance of the line means."""
        return self.genetic + self.residual


def trait_covariance(
    kernel: FloatArray,  # (n_line, n_line)
    value: FloatArray,  # (n_line, n_trait) NaN missing
) -> TraitCovariance:
    """Estimate covariances from univariate REML of every trait and of sums of two.

    cov(t, s) = [var(t + s) - var(t - s)] / 4 on standardised values, from the lines
    measured for both. Needs no bivariate fit; pairs are estimated one by one, so that
    the matrix need not be positive definite (see `definite`). Standard errors are of
    the expected information of the two variances, taken as independent.

    Parameters
    ----------
    kernel
        Relationship of the lines.
    value
        Line means of the traits.

    Raises
    ------
    DataError
        If two traits share too few lines.

    References
    ----------
    Searle & Rounsaville 1974, Am Stat 28:67 (covariances from variances of sums).
    """
    n_trait = value.shape[1]
    genetic, residual, error = np.empty((3, n_trait, n_trait))
    sd = np.nanstd(value, axis=0, ddof=1)
    sd[~(sd > 0)] = 1.0
    scaled = value / sd
    known: dict[bytes, Decomposition] = {}
    for one in range(n_trait):
        for two in range(one + 1):
            pair = scaled[:, [one, two]]
            rows = np.flatnonzero(np.isfinite(pair).all(axis=1))
            own = known.get(rows.tobytes()) or _decompose(kernel, rows)
            known[rows.tobytes()] = own
            found = _covariance(own, pair[rows, 0], pair[rows, 1]) * sd[one] * sd[two]
            genetic[one, two] = genetic[two, one] = found[0]
            residual[one, two] = residual[two, one] = found[1]
            error[one, two] = error[two, one] = found[2]
    return TraitCovariance(genetic, residual, error)


def _decompose(kernel: FloatArray, rows: IntArray) -> Decomposition:
    if rows.size < LEAST_LINES:
        raise DataError(
            f"two traits of the index are measured together on {rows.size} lines, too "
            "few for their covariance",
            where="index",
            remedy="give [index.genetic], or use the method `base`",
        )
    block = kernel[np.ix_(rows, rows)]
    return decompose(block / np.diag(block).mean())


def _covariance(
    rotated: Decomposition, one: FloatArray, two: FloatArray
) -> FloatArray:  # (3,) genetic, residual, standard error of the genetic one
    """Return the covariance of two standardised traits measured on the same lines."""
    found, variance = np.zeros(2), 0.0
    for sign, y in ((1, one + two), (-1, one - two)):
        if y.any():
            fit = estimate(rotated, y, np.ones((y.size, 1)))
            found += [sign * fit.genetic, sign * fit.residual]
            variance += _variance_of_genetic(rotated.values, fit)
    return np.array([*found, np.sqrt(variance)]) / 4


def _variance_of_genetic(values: FloatArray, fit: Components) -> float:
    """Return the sampling variance of s_g, from the expected information."""
    one = 1 / (fit.genetic * values + fit.residual) ** 2
    lines, both = float(one.sum()), float((one * values).sum())
    genetic = float((one * values**2).sum())
    return 2 * lines / max(genetic * lines - both**2, np.finfo(float).tiny)


def error_correlation(
    genetic: FloatArray,  # (n_trait, n_trait)
    residual: FloatArray,  # (n_trait, n_trait)
    reliability: FloatArray,  # (n_trait,) 0..1
) -> FloatArray:  # (n_trait, n_trait)
    """Return the correlation of the prediction errors of traits fitted one by one.

    With s_t the reliability of trait t, r_g the genetic and r_e the residual
    correlation: the error of a BLUP is (1 - s) u - s e, so that

        corr(t, s) = sqrt((1 - s_t)(1 - s_s)) r_g + sqrt(s_t s_s) r_e.

    Exact for lines that are measured for both traits and share no information with
    others; an average over the rest.

    Examples
    --------
    >>> g, e = np.array([[1.0, 0.5], [0.5, 1.0]]), np.eye(2)
    >>> error_correlation(g, e, np.array([0.5, 0.5]))
    array([[1.  , 0.25],
           [0.25, 1.  ]])
    """
    known, lost = np.sqrt(reliability), np.sqrt(1 - reliability)
    found = np.outer(lost, lost) * _correlation(genetic)
    found += np.outer(known, known) * _correlation(residual)
    np.fill_diagonal(found, 1.0)
    return found


def _correlation(matrix: FloatArray) -> FloatArray:
    """Return correlations between -1 and 1; 0 where a variance is not above 0."""
    sd = np.sqrt(np.maximum(np.diag(matrix), 0))
    size = np.outer(sd, sd)
    found = np.divide(matrix, size, out=np.zeros_like(size), where=size > 0)
    return np.clip(found, -1, 1)
