"""A kernel as a tridiagonal matrix: likelihoods and solutions without eigenvectors.

W^.5 K W^.5 = Q T Q' with T tridiagonal and Q a product of reflections takes a third of
the time of an eigendecomposition, of which it is the first step. Each likelihood and
solution then is O(n), as it is with eigenvalues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg import lapack

from meristem.mixed.reml import Components, Decomposition, profile, weighted_kernel
from meristem.records import FloatArray

_AT_ONCE = 1024
"""Columns that are reflected in a copy."""


@dataclass(frozen=True)
class Tridiagonal:
    """W^.5 K W^.5 = Q T Q'."""

    diagonal: FloatArray  # (n,) of T
    beside: FloatArray  # (n - 1,) of T
    reflections: FloatArray  # (n - 1, n - 1) column by column below the diagonal
    scale: FloatArray  # (n - 1,) of the reflections
    root_weight: FloatArray  # (n,) W^.5
    lift: float  # added to the diagonal: rounding leaves no value below zero

    def rotate(self, columns: FloatArray) -> FloatArray:  # (n, k) or (n,)
        """Return Q' W^.5 columns."""
        if columns.ndim == 1:
            return self.rotate(columns[:, None])[:, 0]
        weighted = self.root_weight[:, None] * columns
        return self._reflected(weighted, "T")

    def back(self, columns: FloatArray) -> FloatArray:  # (n, k)
        """Return W^.5 Q columns."""
        return self.root_weight[:, None] * self._reflected(columns, "N")

    def _reflected(self, columns: FloatArray, transposed: str) -> FloatArray:
        found = np.array(columns, order="F")
        if found.shape[0] < 2:
            return found
        for start in range(0, found.shape[1], _AT_ONCE):
            part = found[1:, start : start + _AT_ONCE]
            work = part.shape[1] * 64  # LAPACK takes blocks of up to 64
            part[:], _, failed = lapack.dormqr(
                "L", transposed, self.reflections, self.scale, part, work
            )
            _succeed(failed)
        return found

    def solve(
        self, components: Components, columns: FloatArray
    ) -> FloatArray:  # (n, k)
        """Return V^-1 columns, rotated, for V = genetic T + residual."""
        return self._solve(components.genetic, components.residual, columns)[0]

    def _solve(
        self, genetic: float, residual: float, columns: FloatArray
    ) -> tuple[FloatArray, float]:  # (n, k), log |V|
        main = genetic * (self.diagonal + self.lift) + residual
        main, beside, failed = lapack.dpttrf(main, genetic * self.beside)
        _succeed(failed)
        solved, failed = lapack.dpttrs(main, beside, columns)
        _succeed(failed)
        return solved, float(np.log(main).sum())

    def likelihood(
        self,
        y: FloatArray,  # (n,) rotated
        x: FloatArray,  # (n, n_fixed) rotated
        h2: FloatArray,  # (n_candidate,)
    ) -> tuple[FloatArray, FloatArray]:  # (n_candidate,), (n_candidate,)
        """Return what `reml.profile_likelihood` returns."""
        columns = np.asfortranarray(np.column_stack([x, y]))
        moments, log_det = [], []
        for share in h2:
            solved, whole = self._solve(float(share), float(1 - share), columns)
            moments.append(columns.T @ solved)
            log_det.append(whole)
        return profile(np.array(moments), np.array(log_det), y.size)

    def decomposition(self) -> Decomposition:
        """Return the eigendecomposition, its second and third step."""
        driver = "stemr" if self.diagonal.size > 1 else "auto"
        values, vectors = scipy.linalg.eigh_tridiagonal(
            self.diagonal, self.beside, check_finite=False, lapack_driver=driver
        )
        for start in range(0, values.size, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            vectors[:, some] = self._reflected(vectors[:, some], "N")
        return Decomposition(np.maximum(values, 0), vectors, self.root_weight)


def tridiagonalise(
    kernel: FloatArray,  # (n, n) symmetric, positive semi-definite
    weight: FloatArray | None = None,  # (n,)
    *,
    overwrite: bool = False,
) -> Tridiagonal:
    """Return the tridiagonal form of the weighted kernel.

    With `overwrite` the kernel is used up, which spares a matrix of its size.

    References
    ----------
    Golub & Van Loan 2013, Matrix Computations, 8.3.1 (Householder tridiagonalisation).

    Examples
    --------
    >>> import numpy as np
    >>> form = tridiagonalise(np.array([[2.0, 1, 0], [1, 2, 1], [0, 1, 2]]))
    >>> rows = form.rotate(np.eye(3))
    >>> bool(np.allclose(rows.T @ rows, np.eye(3))), form.diagonal.round(6).tolist()
    (True, [2.0, 2.0, 2.0])
    """
    kernel, root_weight, overwrite = weighted_kernel(kernel, weight, overwrite)
    n = kernel.shape[0]
    work, failed = lapack.dsytrd_lwork(n, lower=1)
    _succeed(failed)
    # its own transpose: LAPACK works on columns, and would copy rows
    packed, diagonal, beside, scale, failed = lapack.dsytrd(
        kernel.T, lower=1, lwork=int(work), overwrite_a=overwrite
    )
    _succeed(failed)
    reflections = _below(packed)
    lowest = _smallest(diagonal, beside)
    return Tridiagonal(
        diagonal, beside, reflections, scale, root_weight, max(-lowest, 0.0)
    )


def _below(packed: FloatArray) -> FloatArray:  # (n, n) -> (n - 1, n - 1)
    """Return the matrix without first row and last column, in the same memory."""
    n = packed.shape[0]
    flat = packed.ravel(order="F")  # a view: columns follow each other
    for column in range(n - 1):
        start = column * (n - 1)
        flat[start : start + n - 1] = flat[column * n + 1 : (column + 1) * n]
    return flat[: (n - 1) ** 2].reshape((n - 1, n - 1), order="F")


def _smallest(diagonal: NDArray, beside: NDArray) -> float:
    if diagonal.size < 2:
        return float(diagonal[0])
    found = scipy.linalg.eigvalsh_tridiagonal(
        diagonal, beside, select="i", select_range=(0, 0), check_finite=False
    )
    return float(found[0])


def _succeed(failed: int) -> None:
    if failed:
        raise np.linalg.LinAlgError(f"LAPACK stopped with {failed}")
