"""Restricted likelihood of lines in environments, with its gradient.

A record of line i in environment j is y = mu_j + u_ij + f_ij with u ~ N(0, Sg (x) K)
over all cells and f ~ N(0, Se (x) I): covariances among environments times the
kernel of the lines, and the same of what markers do not carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy.linalg

from meristem.mixed.reml import Decomposition, decompose
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class Records:
    """Observed cells of a table of lines by environments."""

    line: IntArray  # (n_record,) row of the kernel
    place: IntArray  # (n_record,) environment
    y: FloatArray  # (n_record,)
    weight: FloatArray  # (n_record,)
    n_place: int

    @property
    def complete(self) -> bool:
        """Whether every line is in every environment, once, with equal weights."""
        n_line = np.unique(self.line).size
        return self.y.size == n_line * self.n_place and bool(np.all(self.weight == 1))


@dataclass(frozen=True)
class Point:
    """The likelihood at a pair of covariances."""

    log_likelihood: float  # restricted, without constants
    genetic: FloatArray  # (t, t) its gradient in Sg
    residual: FloatArray  # (t, t) and in Se


class Likelihood(Protocol):
    """Restricted likelihood as a function of the two covariances."""

    def at(self, genetic: FloatArray, residual: FloatArray) -> Point:
        """Return the likelihood and its gradients.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the covariance of the records is not positive definite.
        """
        ...

    def weights(
        self, genetic: FloatArray, residual: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return P y of every record, and the environments' means."""
        ...

    def explained(
        self,
        genetic: FloatArray,
        residual: FloatArray,
        cross: FloatArray,  # (n_new, n_line) kernel of new cells' lines
        side: FloatArray,  # (n_new, t) covariance of their environments with known ones
    ) -> FloatArray:  # (n_new, n_new)
        """Return what the records explain of the covariance of new cells."""
        ...


@dataclass(frozen=True)
class CompleteTable:
    """Every line in every environment: O(n t^2) after one decomposition.

    Rows of the rotated table are independent, N(x_i beta, d_i Sg + Se), and both
    covariances become diagonal together.
    """

    split: Decomposition  # of the kernel of the lines
    table: FloatArray  # (n_line, t)

    @cached_property
    def _rotated(self) -> tuple[FloatArray, FloatArray]:
        ones = np.ones(self.table.shape[0])
        return self.split.rotate(self.table), self.split.rotate(ones)

    def at(self, genetic: FloatArray, residual: FloatArray) -> Point:
        """See `Likelihood`."""
        y, x = self._rotated
        side, root, share = _both_diagonal(genetic, residual)
        precision = 1 / (np.multiply.outer(self.split.values, share) + 1)  # (n, t)
        z = y @ side.T
        size = x**2 @ precision  # (t,)
        beta = (x[:, None] * precision * z).sum(axis=0) / size
        left = z - np.multiply.outer(x, beta)
        dual = precision * left
        log_det = 2 * y.shape[0] * np.log(np.diag(root)).sum()
        log_det -= np.log(precision).sum()
        log_det += np.log(size).sum() - 2 * np.log(np.diag(root)).sum()
        value = -0.5 * (log_det + (dual * left).sum())
        fixed = precision**2 * (x**2)[:, None] / size
        slopes = []
        for weight in (self.split.values, np.ones(x.size)):
            diagonal = weight @ (precision - fixed)
            inner = (dual * weight[:, None]).T @ dual - np.diag(diagonal)
            slopes.append(0.5 * side.T @ inner @ side)
        return Point(float(value), slopes[0], slopes[1])

    def weights(
        self, genetic: FloatArray, residual: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Likelihood`; records line by line, environments within."""
        y, x = self._rotated
        side, _, share = _both_diagonal(genetic, residual)
        precision = 1 / (np.multiply.outer(self.split.values, share) + 1)
        z = y @ side.T
        beta = (x[:, None] * precision * z).sum(axis=0) / (x**2 @ precision)
        dual = precision * (z - np.multiply.outer(x, beta))
        mean = np.linalg.solve(side, beta)
        return (self.split.vectors @ dual @ side).ravel(), mean

    def explained(
        self,
        genetic: FloatArray,
        residual: FloatArray,
        cross: FloatArray,
        side: FloatArray,
    ) -> FloatArray:
        """See `Likelihood`."""
        _, x = self._rotated
        turn, _, share = _both_diagonal(genetic, residual)
        precision = 1 / (np.multiply.outer(self.split.values, share) + 1)
        rotated = cross @ self.split.vectors  # (n_new, n_line)
        along = side @ turn.T  # (n_new, t)
        total = np.zeros((cross.shape[0], cross.shape[0]))
        for k, weight in enumerate(precision.T):
            block = _joined(rotated, weight, x, float(x**2 @ weight))
            total += np.multiply.outer(along[:, k], along[:, k]) * block
        return total


def _joined(
    cross: FloatArray, weight: FloatArray, x: FloatArray, size: float
) -> FloatArray:
    """Return K* (diag(w) - w x x' w / size) K*'."""
    scaled = cross * weight
    fixed = scaled @ x
    return scaled @ cross.T - np.multiply.outer(fixed, fixed) / size


def _both_diagonal(
    genetic: FloatArray, residual: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return T, the root of Se, and lambda: T Se T' = I, T Sg T' = diag(lambda)."""
    root = np.asarray(np.linalg.cholesky(residual), dtype=np.float64)
    half = scipy.linalg.solve_triangular(root, genetic, lower=True)
    half = scipy.linalg.solve_triangular(root, half.T, lower=True)
    share, vectors = np.linalg.eigh((half + half.T) / 2)
    side = scipy.linalg.solve_triangular(root, vectors, lower=True, trans="T").T
    return side, root, np.maximum(share, 0)


@dataclass(frozen=True)
class AnyRecords:
    """Any set of cells, by dense algebra over the records."""

    records: Records
    kernel: FloatArray  # (n_line, n_line)

    def projection(self, genetic: FloatArray, residual: FloatArray) -> FloatArray:
        """Return P of the records; kept for the covariances asked last."""
        key = genetic.tobytes() + residual.tobytes()
        if self._kept.get("key") != key:
            inverse, side, _ = self._solved(genetic, residual)
            p = inverse - side @ np.linalg.solve(self._design.T @ side, side.T)
            self._kept.update(key=key, projection=p)
        return self._kept["projection"]

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _among(self) -> FloatArray:  # (n, n) kernel between records
        return self.kernel[np.ix_(self.records.line, self.records.line)]

    @cached_property
    def _same(self) -> FloatArray:  # (n, n) 1 where two records share the line
        line = self.records.line
        return (line[:, None] == line).astype(np.float64)

    @cached_property
    def _design(self) -> FloatArray:  # (n, t)
        return np.eye(self.records.n_place)[self.records.place]

    def covariance(self, genetic: FloatArray, residual: FloatArray) -> FloatArray:
        """Return V of the records."""
        place = np.ix_(self.records.place, self.records.place)
        total = genetic[place] * self._among
        total += residual[place] * self._same
        noise = np.diag(residual)[self.records.place]
        total[np.diag_indices_from(total)] += noise * (1 / self.records.weight - 1)
        return total

    def _solved(
        self, genetic: FloatArray, residual: FloatArray
    ) -> tuple[FloatArray, FloatArray, float]:  # V^-1, V^-1 X, log |V|
        factor = np.linalg.cholesky(self.covariance(genetic, residual))
        log_det = 2 * float(np.log(np.diag(factor)).sum())
        inverse, _ = scipy.linalg.lapack.dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        return inverse, inverse @ self._design, log_det

    def at(self, genetic: FloatArray, residual: FloatArray) -> Point:
        """See `Likelihood`."""
        inverse, side, log_det = self._solved(genetic, residual)
        information = self._design.T @ side
        inverse -= side @ np.linalg.solve(information, side.T)
        dual = inverse @ self.records.y
        log_det += np.linalg.slogdet(information)[1]
        value = -0.5 * (log_det + self.records.y @ dual)
        noise = (dual**2 - np.diag(inverse)) * (1 / self.records.weight - 1)
        inner = np.multiply.outer(dual, dual) - inverse
        x = self._design
        residual_slope = x.T @ ((inner * self._same) @ x)
        residual_slope += np.diag(noise @ x)
        genetic_slope = x.T @ ((inner * self._among) @ x)
        return Point(float(value), 0.5 * genetic_slope, 0.5 * residual_slope)

    def weights(
        self, genetic: FloatArray, residual: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Likelihood`."""
        inverse, side, _ = self._solved(genetic, residual)
        information = self._design.T @ side
        mean = np.linalg.solve(information, side.T @ self.records.y)
        dual = inverse @ (self.records.y - self._design @ mean)
        return dual, np.asarray(mean, dtype=np.float64)

    def explained(
        self,
        genetic: FloatArray,
        residual: FloatArray,
        cross: FloatArray,
        side: FloatArray,
    ) -> FloatArray:
        """See `Likelihood`."""
        joint = cross[:, self.records.line] * side[:, self.records.place]
        return joint @ self.projection(genetic, residual) @ joint.T


def likelihood_of(records: Records, kernel: FloatArray) -> Likelihood:
    """Return the likelihood of records: separable where their table is complete."""
    if not records.complete:
        return AnyRecords(records, kernel)
    order = np.lexsort((records.place, records.line))
    if not np.array_equal(order, np.arange(order.size)):
        return AnyRecords(records, kernel)
    lines = records.line[:: records.n_place]
    table = records.y.reshape(lines.size, records.n_place)
    return CompleteTable(decompose(kernel[np.ix_(lines, lines)]), table)
