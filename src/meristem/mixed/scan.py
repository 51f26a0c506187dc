"""Association of many columns with many traits under one relationship matrix.

The model is y = X b + z a + u + e with u ~ N(0, s h2 K) and e ~ N(0, s (1 - h2) W^-1).
Error contrasts in which K is diagonal take X away and leave independent residuals,
whatever the trait: a whole scan is a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import expit, stdtr

from meristem.records import FloatArray

LOGIT_BOUND = 11.0
"""h2 is searched between expit(-11) and expit(11); below, it counts as zero."""

_FLAT = 1e-10
"""A column that keeps less than this share of its sum of squares does not vary."""
_TRAITS_AT_ONCE = 512
_TIE = 1e-9


@dataclass(frozen=True)
class Contrasts:
    """Error contrasts A'y of a mixed model: var(A'y) = s (h2 diag(values) + 1 - h2)."""

    values: FloatArray  # (n_contrast,) >= 0
    basis: FloatArray  # (n, n_contrast) A, weights included

    @property
    def n_contrast(self) -> int:
        """Rows less fixed effects."""
        return int(self.values.size)

    def rotate(self, columns: NDArray) -> NDArray:  # (n, k) -> (n_contrast, k)
        """Return A' columns."""
        return self.basis.T @ columns

    def precision(self, h2: FloatArray) -> FloatArray:  # (k,) -> (n_contrast, k)
        """Return 1 / (h2 values + 1 - h2) for every h2."""
        return 1 / (np.multiply.outer(self.values - 1, h2) + 1)


@dataclass(frozen=True)
class Association:
    """Effect of a column on a trait, and the evidence for it."""

    beta: FloatArray  # (n_pair,) NaN where the column does not vary
    se: FloatArray  # (n_pair,)
    p: FloatArray  # (n_pair,) two-sided t test


def error_contrasts(
    kernel: FloatArray,  # (n, n) symmetric, positive semi-definite
    fixed: FloatArray | None = None,  # (n, n_fixed)
    weight: FloatArray | None = None,  # (n,)
) -> Contrasts:
    """Return contrasts free of the fixed effects in which the kernel is diagonal.

    Parameters
    ----------
    kernel
        Relationship matrix of the rows.
    fixed
        Fixed effects, the intercept among them; default: the intercept alone.
        Columns that follow from others do no harm.
    weight
        Relative precision of every row; default: equal.

    References
    ----------
    Patterson & Thompson 1971, Biometrika 58:545 (error contrasts); Kang et al. 2008,
    Genetics 178:1709 (their eigenvectors).

    Examples
    --------
    >>> import numpy as np
    >>> found = error_contrasts(np.diag([1.0, 2.0, 3.0]))
    >>> found.n_contrast, bool(np.allclose(found.rotate(np.ones(3)), 0))
    (2, True)
    """
    n = kernel.shape[0]
    x = np.ones((n, 1)) if fixed is None else fixed
    root = np.ones(n) if weight is None else np.sqrt(weight)
    q, r, _ = scipy.linalg.qr(root[:, None] * x, pivoting=True)
    size = np.abs(np.diagonal(r))
    rank = int((size > 1e-10 * size.max(initial=0)).sum())
    free = q[:, rank:]  # (n, n_contrast)
    inner = free.T @ (root[:, None] * kernel * root) @ free
    values, vectors = scipy.linalg.eigh((inner + inner.T) / 2, driver="evd")
    return Contrasts(np.maximum(values, 0), root[:, None] * (free @ vectors))


def restricted_h2(
    values: FloatArray,  # (n_contrast,)
    traits: FloatArray,  # (n_contrast, n_trait) rotated
) -> FloatArray:  # (n_trait,)
    """Return the REML estimate of h2 for every trait, without any tested column.

    The likelihood can have two maxima: a grid over logit(h2) shared by all traits
    first, then ever finer grids around each trait's best point, then the vertex of
    a parabola.

    References
    ----------
    Kang et al. 2008, Genetics 178:1709 (EMMA), equation of the restricted likelihood.

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.kron(np.eye(4), np.ones((3, 3)))
    >>> y = np.repeat([1.0, 2.0, 4.0, 7.0], 3) + np.tile([-0.5, 0.0, 0.5], 4)
    >>> found = error_contrasts(kernel)
    >>> h2 = restricted_h2(found.values, found.rotate(y[:, None]))
    >>> h2.round(3)  # ANOVA: 6.917 / (6.917 + 0.25)
    array([0.965])
    """
    parts = [
        _restricted_h2(values, traits[:, start : start + _TRAITS_AT_ONCE])
        for start in range(0, traits.shape[1], _TRAITS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _restricted_h2(values: FloatArray, traits: FloatArray) -> FloatArray:
    squares = traits.T**2  # (n_trait, n_contrast)
    shared = np.linspace(-LOGIT_BOUND, LOGIT_BOUND, 23)
    loss = _shared_loss(values, squares, expit(shared))
    centre, width = shared[loss.argmin(axis=1)], shared[1] - shared[0]
    for _ in range(3):
        grid = centre[:, None] + width * np.linspace(-1, 1, 11)
        grid = np.clip(grid, -LOGIT_BOUND, LOGIT_BOUND)
        loss = _own_loss(values, squares, expit(grid))
        best = loss.argmin(axis=1)
        centre, width = np.take_along_axis(grid, best[:, None], 1)[:, 0], width / 5
    centre = centre + width * _vertex(loss, best)
    finalists = np.column_stack([np.zeros_like(centre), expit(centre)])
    loss = _own_loss(values, squares, finalists)
    # a likelihood that does not tell h2 from zero means zero
    return np.where(loss[:, 0] - _TIE <= loss[:, 1], 0.0, finalists[:, 1])


def _shared_loss(
    values: FloatArray,
    squares: FloatArray,  # (n_trait, n_contrast)
    h2: FloatArray,  # (n_point,)
) -> FloatArray:  # (n_trait, n_point)
    """Return -log restricted likelihood, up to a constant, at the same h2 for all."""
    diagonal = np.multiply.outer(values - 1, h2) + 1  # (n_contrast, n_point)
    total = squares @ (1 / diagonal)
    return _loss(total, np.log(diagonal).sum(axis=0), values.size)


def _own_loss(
    values: FloatArray,
    squares: FloatArray,  # (n_trait, n_contrast)
    h2: FloatArray,  # (n_trait, n_point)
) -> FloatArray:  # (n_trait, n_point)
    """Return the same at points of each trait's own."""
    diagonal = np.multiply.outer(h2, values - 1) + 1  # (n_trait, n_point, n_contrast)
    total = np.einsum("tc,tpc->tp", squares, 1 / diagonal)
    return _loss(total, np.log(diagonal).sum(axis=2), values.size)


def _loss(total: FloatArray, log_det: FloatArray, n: int) -> FloatArray:
    # a trait explained by the fixed effects alone leaves nothing
    return 0.5 * (n * np.log(np.maximum(total, np.finfo(float).tiny)) + log_det)


def _vertex(loss: FloatArray, best: NDArray) -> FloatArray:  # (n_trait,) in steps
    """Return where a parabola through the best point and its neighbours turns."""
    inner = np.clip(best, 1, loss.shape[1] - 2)
    around = np.take_along_axis(loss, inner[:, None] + np.array([-1, 0, 1]), 1)
    bend = around[:, 0] - 2 * around[:, 1] + around[:, 2]
    usable = (inner == best) & (bend > 0)
    slope = 0.5 * (around[:, 0] - around[:, 2])
    return np.where(usable, slope / np.where(usable, bend, 1.0), 0.0)


def associate(
    columns: FloatArray,  # (n_contrast, n_pair) rotated
    traits: FloatArray,  # (n_contrast, n_pair), or (n_contrast, 1) for all; rotated
    precision: FloatArray,  # the same shape as traits
    size: FloatArray | None = None,  # (n_pair,)
) -> Association:
    """Test columns and traits pair by pair, variance ratio given (P3D).

    Parameters
    ----------
    columns, traits, precision
        Rotated by `Contrasts.rotate`; precision of the trait's h2.
    size
        Sum of squares of the columns before they were rotated: what the fixed
        effects explain all of counts as constant.

    Returns
    -------
    Association
        Least squares in the weighted contrasts, equal to generalised least squares
        of the full model; t test with one degree of freedom less than contrasts.

    References
    ----------
    Kang et al. 2010, Nat Genet 42:348 (EMMAX); Zhang et al. 2010, Nat Genet 42:355
    (P3D).
    """
    root = np.sqrt(precision)
    z, y = columns * root, traits * root
    zz = np.einsum("ij,ij->j", z, z)
    zy = np.einsum("ij,ij->j", z, np.broadcast_to(y, z.shape))
    yy = np.einsum("ij,ij->j", y, y)
    limit = 0.0 if size is None else _FLAT * size
    flat = zz <= np.maximum(limit, np.finfo(float).tiny)
    zz = np.where(flat, 1.0, zz)
    beta = zy / zz
    freedom = columns.shape[0] - 1
    residual = np.maximum(yy - beta**2 * zz, 0) / freedom
    se = np.sqrt(residual / zz)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(freedom, -np.abs(beta) / se)
    return Association(*(np.where(flat, np.nan, part) for part in (beta, se, p)))


def associate_all(
    contrasts: Contrasts,
    columns: FloatArray,  # (n, n_column)
    trait: FloatArray,  # (n,)
    h2: float,
) -> Association:
    """Test every column for one trait; see `associate`."""
    rotated = contrasts.rotate(columns)
    size = np.einsum("ij,ij->j", columns, columns)
    precision = contrasts.precision(np.array([h2]))
    y = contrasts.rotate(trait[:, None])
    return associate(rotated, y, precision, size)
