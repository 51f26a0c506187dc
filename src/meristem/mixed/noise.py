"""Covariance of the errors of the rows of a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray


@dataclass(frozen=True)
class Noise:
    """Errors of covariance s_e shape + known, of which s_e is estimated."""

    shape: FloatArray  # (n,) a diagonal, or (n, n)
    known: FloatArray | None = None  # (n, n)

    @property
    def matrix(self) -> FloatArray:  # (n, n)
        """The shape as a matrix."""
        return np.diag(self.shape) if self.shape.ndim == 1 else self.shape

    @property
    def size(self) -> float:
        """Mean of the diagonal of the shape."""
        return float(np.mean(_diagonal(self.shape)))

    def covariance(self, residual: float) -> FloatArray:  # (n, n)
        """Return the covariance of the errors at a residual variance s_e."""
        total = residual * self.matrix
        return total if self.known is None else total + self.known

    def level(self, residual: float) -> float:
        """Return the error variance of a value of mean precision.

        One over the mean of 1 / variance: s_e where weights have mean 1.
        """
        if self.known is None and self.shape.ndim == 1:
            return residual
        variance = residual * _diagonal(self.shape)
        if self.known is not None:
            variance = variance + np.diag(self.known)
        return float(1 / np.mean(1 / variance))

    def times(self, column: FloatArray) -> FloatArray:  # (n,) -> (n,)
        """Return the shape times a column."""
        return self.shape * column if self.shape.ndim == 1 else self.shape @ column

    def trace(self, square: FloatArray) -> float:  # (n, n)
        """Return the trace of the shape times a symmetric matrix."""
        if self.shape.ndim == 1:
            return float(np.diag(square) @ self.shape)
        return float(np.vdot(square, self.shape))

    def scaled(self, factor: float) -> Noise:
        """Return it for values whose variance is `factor` times as large."""
        known = self.known
        return self if known is None else Noise(self.shape, known * factor)


def noise_of(weight: FloatArray | Noise | None, n: int) -> Noise:
    """Return the errors of `n` rows of given weights; none: of equal ones."""
    if isinstance(weight, Noise):
        return weight
    return Noise(np.ones(n) if weight is None else 1 / weight)


def _diagonal(shape: FloatArray) -> FloatArray:
    return shape if shape.ndim == 1 else np.diag(shape)
