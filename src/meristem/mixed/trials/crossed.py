"""Products with the covariance of records that is never formed.

V = sum_k s_k (E_k (x) K) + s_e W^-1 over the observed cells of a table of lines by
environments. One product of the kernel with the table serves all terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from meristem.mixed.trials.likelihood import Records
from meristem.records import FloatArray

Single = NDArray[np.float32]

MOST_AXES, MOST_SIZE = 200, 3000
"""Axes of the kernel in the preconditioner, and unknowns of its dense part."""


@dataclass(frozen=True)
class Crossed:
    """Records with the kernel of their lines."""

    records: Records
    kernel: Single  # (n_line, n_line)

    @cached_property
    def _cell(self) -> NDArray[np.int64]:  # (n_record,) place in the flat table
        return self.records.line * self.records.n_place + self.records.place

    @cached_property
    def _count(self) -> FloatArray:  # (t,) records of every environment
        number = np.bincount(self.records.place, minlength=self.records.n_place)
        return number.astype(np.float64)

    def centre(self, columns: FloatArray) -> FloatArray:  # (n_record, s)
        """Return columns less their mean in every environment."""
        total = np.zeros((self.records.n_place, columns.shape[1]))
        np.add.at(total, self.records.place, columns)
        mean = total / self._count[:, None]
        return np.asarray(columns - mean[self.records.place], dtype=np.float64)

    def product(self, columns: FloatArray) -> Single:  # (n_line, t, s)
        """Return K times the table that holds the columns."""
        n_line, t, s = self.kernel.shape[0], self.records.n_place, columns.shape[1]
        table = np.zeros((n_line * t, s), dtype=np.float32)
        table[self._cell] = columns
        return (self.kernel @ table.reshape(n_line, t * s)).reshape(n_line, t, s)

    def gather(
        self,
        product: Single,  # (n_line, t, s)
        mix: FloatArray,  # (t, t)
    ) -> FloatArray:  # (n_record, s)
        """Return the observed cells of a product, environments mixed."""
        mixed = np.einsum("ef,lfs->les", mix.astype(np.float32), product, optimize=True)
        flat = mixed.reshape(-1, product.shape[2])
        return flat[self._cell].astype(np.float64)

    def apply(
        self, columns: FloatArray, genetic: FloatArray, noise: float
    ) -> FloatArray:
        """Return V columns."""
        own = noise * columns / self.records.weight[:, None]
        return self.gather(self.product(columns), genetic) + own

    @cached_property
    def axes(self) -> FloatArray:  # (n_line, n_axis) U D^.5 of the largest eigenvalues
        """Return leading axes of the kernel, by subspace iteration."""
        n = self.kernel.shape[0]
        size = min(MOST_AXES + 20, n)
        rng = np.random.default_rng(0)  # a preconditioner: no result depends on it
        basis = rng.standard_normal((n, size)).astype(np.float32)
        for _ in range(3):
            basis = np.linalg.qr(self.kernel @ basis)[0]
        image = (self.kernel @ basis).astype(np.float64)
        values, vectors = np.linalg.eigh(basis.T.astype(np.float64) @ image)
        kept = np.argsort(values)[::-1][:MOST_AXES]
        root = np.sqrt(np.maximum(values[kept], 0))
        return (basis.astype(np.float64) @ vectors[:, kept]) * root


@dataclass(frozen=True)
class LowRank:
    """(A A' + N)^-1 of the leading axes: preconditioner, and error of predictions."""

    crossed: Crossed
    root: FloatArray  # (t, rank) of Sg
    factor: FloatArray  # Cholesky of I + A' N^-1 A, axes within ranks
    noise: FloatArray  # (n_record,)
    axes: FloatArray  # (n_line, n_axis)

    def left(self, columns: FloatArray) -> FloatArray:  # (rank * n_axis, s)
        """Return A' columns."""
        records = self.crossed.records
        found = np.zeros((self.root.shape[1], self.axes.shape[1], columns.shape[1]))
        for e in range(records.n_place):
            here = np.flatnonzero(records.place == e)
            own = self.axes[records.line[here]].T @ columns[here]
            found += self.root[e][:, None, None] * own
        return found.reshape(-1, columns.shape[1])

    def right(self, coefficient: FloatArray) -> FloatArray:  # (n_record, s)
        """Return A coefficient."""
        records, n_axis = self.crossed.records, self.axes.shape[1]
        blocks = coefficient.reshape(self.root.shape[1], n_axis, -1)
        found = np.empty((records.y.size, coefficient.shape[1]))
        for e in range(records.n_place):
            here = np.flatnonzero(records.place == e)
            mixed = np.tensordot(self.root[e], blocks, 1)
            found[here] = self.axes[records.line[here]] @ mixed
        return found

    def solve(self, columns: FloatArray) -> FloatArray:
        """Return (A A' + N)^-1 columns."""
        scaled = columns / self.noise[:, None]
        inner = scipy.linalg.cho_solve((self.factor, True), self.left(scaled))
        return scaled - self.right(inner) / self.noise[:, None]

    def explained(
        self,
        axes: FloatArray,  # (n_new, n_axis) of new lines, as `axes`
        side: FloatArray,  # (n_new, rank) of their environments, as `root`
    ) -> FloatArray:  # (n_new, n_new)
        """Return what the records explain of the covariance of cells."""
        rows = (side[:, :, None] * axes[:, None, :]).reshape(axes.shape[0], -1)
        half = scipy.linalg.solve_triangular(self.factor, rows.T, lower=True)
        return rows @ rows.T - half.T @ half


@dataclass(frozen=True)
class LeadingAxes:
    """What records explain of new cells, by the leading axes of the kernel alone.

    What the further axes would explain is left in the error: it is a little too wide.
    """

    records: Records
    kernel: FloatArray  # (n_line, n_line)

    @cached_property
    def _crossed(self) -> Crossed:
        return Crossed(self.records, self.kernel.astype(np.float32))

    @cached_property
    def _kept(self) -> dict[bytes, LowRank]:
        return {}

    def explained(
        self,
        genetic: FloatArray,  # (t, t)
        residual: FloatArray,  # (t, t) one variance on the diagonal
        cross: FloatArray,  # (n_new, n_line)
        side: FloatArray,  # (n_new, t)
    ) -> FloatArray:  # (n_new, n_new)
        """Return what the records explain; see `likelihood.Likelihood`."""
        key = genetic.tobytes() + residual.tobytes()
        if key not in self._kept:
            self._kept[key] = low_rank(self._crossed, genetic, float(residual[0, 0]))
        helper = self._kept[key]
        squares = np.maximum((helper.axes**2).sum(axis=0), 1e-300)
        axes = cross @ (helper.axes / squares)
        return helper.explained(axes, side @ np.linalg.pinv(helper.root.T))


def low_rank(crossed: Crossed, genetic: FloatArray, noise: float) -> LowRank:
    """Return the preconditioner at given covariances."""
    values, vectors = np.linalg.eigh(genetic)
    kept = values > 1e-9 * values.max()
    root = vectors[:, kept] * np.sqrt(values[kept])
    axes = crossed.axes[:, : max(1, MOST_SIZE // root.shape[1])]
    records = crossed.records
    own = noise / records.weight
    n_axis, rank = axes.shape[1], root.shape[1]
    inner = np.eye(n_axis * rank).reshape(rank, n_axis, rank, n_axis)
    for e in range(records.n_place):
        here = np.flatnonzero(records.place == e)
        part = axes[records.line[here]]
        block = (part / own[here][:, None]).T @ part
        outer = np.multiply.outer(root[e], root[e])
        inner += outer[:, None, :, None] * block[None, :, None, :]
    whole = inner.reshape(n_axis * rank, -1)
    factor = np.asarray(np.linalg.cholesky(whole), dtype=np.float64)
    return LowRank(crossed, root, factor, own, axes)


def solve_projected(
    crossed: Crossed,
    columns: FloatArray,  # (n_record, s)
    genetic: FloatArray,
    noise: float,
    helper: LowRank,
    *,
    tolerance: float = 1e-4,
    most: int = 200,
) -> FloatArray:  # (n_record, s)
    """Return P columns by preconditioned conjugate gradients, environments fixed.

    P = A (A' V A)^-1 A' for contrasts A within environments: the iteration runs on
    columns centred in every environment.

    References
    ----------
    Stranden & Lidauer 1999, J Dairy Sci 82:2779 (preconditioned conjugate gradients
    for mixed models).
    """
    residual = crossed.centre(columns)
    found = np.zeros_like(residual)
    aim = tolerance * np.linalg.norm(residual, axis=0)
    ready = crossed.centre(helper.solve(residual))
    direction = ready.copy()
    size = (residual * ready).sum(axis=0)
    for _ in range(most):
        image = crossed.centre(crossed.apply(direction, genetic, noise))
        step = size / np.maximum((direction * image).sum(axis=0), 1e-300)
        found += step * direction
        residual -= step * image
        if (np.linalg.norm(residual, axis=0) <= aim).all():
            break
        ready = crossed.centre(helper.solve(residual))
        new = (residual * ready).sum(axis=0)
        direction = ready + (new / np.maximum(size, 1e-300)) * direction
        size = new
    return found
