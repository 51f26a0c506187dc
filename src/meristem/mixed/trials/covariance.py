"""Covariances among environments as functions of free parameters.

Each class maps parameters to a t x t matrix and a gradient in the matrix back to one
in the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from meristem.records import FloatArray, IntArray

LOG_RANGE = (float(np.log(1e-4)), 8.0)
"""Bounds of the logarithm of a variance, relative to that of the phenotype."""


class Covariance(Protocol):
    """A covariance matrix among environments, from free parameters."""

    def start(self, near: FloatArray) -> FloatArray:  # (t, t) -> (n_parameter,)
        """Return parameters whose matrix is near one."""
        ...

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """Return the bounds of every parameter."""
        ...

    def matrix(self, theta: FloatArray) -> FloatArray:  # (t, t)
        """Return the matrix."""
        ...

    def chain(self, theta: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the derivative in the parameters from a symmetric one, (t, t)."""
        ...


@dataclass(frozen=True)
class Weighted:
    """A sum of known matrices, each times a variance; parameters are logarithms."""

    parts: tuple[FloatArray, ...]  # each (t, t)

    def start(self, near: FloatArray) -> FloatArray:
        """See `Covariance`: non-negative least squares of the elements."""
        from scipy.optimize import nnls  # noqa: PLC0415 - optimisers load slowly

        columns = np.stack([part.ravel() for part in self.parts], axis=1)
        share = nnls(columns, near.ravel())[0]
        floor = 0.02 * float(np.trace(near)) / near.shape[0]
        return np.log(np.maximum(share, floor))

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """See `Covariance`."""
        return [LOG_RANGE] * len(self.parts)

    def matrix(self, theta: FloatArray) -> FloatArray:
        """See `Covariance`."""
        pairs = zip(np.exp(theta), self.parts, strict=True)
        return np.asarray(sum(value * part for value, part in pairs))

    def chain(self, theta: FloatArray, gradient: FloatArray) -> FloatArray:
        """See `Covariance`."""
        return np.exp(theta) * [float(np.vdot(gradient, part)) for part in self.parts]


@dataclass(frozen=True)
class Unstructured:
    """Any positive definite matrix, by its Cholesky factor; log diagonal."""

    size: int

    def start(self, near: FloatArray) -> FloatArray:
        """See `Covariance`."""
        root = np.linalg.cholesky(near + 1e-6 * np.trace(near) * np.eye(self.size))
        np.fill_diagonal(root, np.log(np.diag(root)))
        return root[np.tril_indices(self.size)]

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """See `Covariance`."""
        rows, columns = np.tril_indices(self.size)
        half = (-7.0, LOG_RANGE[1] / 2)  # rank may be lost: that is no small variance
        pairs = zip(rows, columns, strict=True)
        return [half if i == j else (None, None) for i, j in pairs]

    def _root(self, theta: FloatArray) -> FloatArray:
        root = np.zeros((self.size, self.size))
        root[np.tril_indices(self.size)] = theta
        np.fill_diagonal(root, np.exp(np.diag(root)))
        return root

    def matrix(self, theta: FloatArray) -> FloatArray:
        """See `Covariance`."""
        root = self._root(theta)
        return root @ root.T

    def chain(self, theta: FloatArray, gradient: FloatArray) -> FloatArray:
        """See `Covariance`."""
        root = self._root(theta)
        slope = 2 * gradient @ root
        np.fill_diagonal(slope, np.diag(slope) * np.diag(root))
        return slope[np.tril_indices(self.size)]


@dataclass(frozen=True)
class FactorAnalytic:
    """L L' + diag(psi) with k factors; the upper triangle of L is zero.

    References
    ----------
    Smith, Cullis & Thompson 2001, Biometrics 57:1138; Meyer 2009, GSE 41:21.
    """

    size: int
    factors: int

    @property
    def _place(self) -> tuple[IntArray, IntArray]:
        rows, columns = np.tril_indices(self.size, 0, self.factors)
        return rows.astype(np.int64), columns.astype(np.int64)

    def start(self, near: FloatArray) -> FloatArray:
        """See `Covariance`: principal components."""
        values, vectors = np.linalg.eigh(near)
        top = np.argsort(values)[::-1][: self.factors]
        root = vectors[:, top] * np.sqrt(np.maximum(0.7 * values[top], 1e-4))
        # rotated to a lower triangle: L Q with the same L L'
        lower = np.linalg.qr(root[: self.factors].T)[0]
        root = root @ lower
        rest = np.maximum(np.diag(near) - (root**2).sum(axis=1), 0.05 * np.diag(near))
        return np.concatenate([root[self._place], np.log(rest)])

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """See `Covariance`."""
        free: list[tuple[float | None, float | None]]
        free = [(None, None)] * self._place[0].size
        return [*free, *[LOG_RANGE] * self.size]

    def loadings(self, theta: FloatArray) -> FloatArray:  # (t, k)
        """Return L, rotated to principal factors."""
        root = np.zeros((self.size, self.factors))
        root[self._place] = theta[: -self.size]
        left, value, _ = np.linalg.svd(root, full_matrices=False)
        found = left * value
        return found * np.where(found.sum(axis=0) < 0, -1.0, 1.0)

    def matrix(self, theta: FloatArray) -> FloatArray:
        """See `Covariance`."""
        root = np.zeros((self.size, self.factors))
        root[self._place] = theta[: -self.size]
        return root @ root.T + np.diag(np.exp(theta[-self.size :]))

    def chain(self, theta: FloatArray, gradient: FloatArray) -> FloatArray:
        """See `Covariance`."""
        root = np.zeros((self.size, self.factors))
        root[self._place] = theta[: -self.size]
        slope = (2 * gradient @ root)[self._place]
        return np.concatenate([slope, np.diag(gradient) * np.exp(theta[-self.size :])])
