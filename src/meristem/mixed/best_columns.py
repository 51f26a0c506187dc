"""The best columns of every trait in a mixed-model scan, block by block.

All traits are tested against a block of columns by two products in single precision;
the table of all p values is never held.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.scan import Contrasts
from meristem.records import FloatArray, IntArray

TRAITS_AT_ONCE = 1024


def best_columns(
    contrasts: Contrasts,
    blocks: Iterable[tuple[int, NDArray[np.float32]]],  # first column, (n, width)
    traits: FloatArray,  # (n_contrast, n_trait) rotated
    h2: FloatArray,  # (n_trait,)
    n_best: int,
) -> IntArray:  # (n_trait, n_best) -1 where there are fewer
    """Return the columns with the smallest p value of every trait, in no order.

    The p value falls with r^2, the share of the weighted sum of squares that a
    column explains: r^2 = (z'Dy)^2 / (z'Dz y'Dy), D the precision of the trait's
    own h2. z'Dy of all pairs is one product, z'Dz another one.

    Parameters
    ----------
    contrasts
        Of the relationship matrix.
    blocks
        First column number and values, centred, of consecutive columns.
    traits
        Rotated traits that vary.
    h2
        Variance ratio of every trait, from `restricted_h2`.
    n_best
        Columns wanted per trait.

    References
    ----------
    Shabalin 2012, Bioinformatics 28:1353 (all pairs as matrix products); P3D as in
    Zhang et al. 2010, Nat Genet 42:355.
    """
    n_trait = traits.shape[1]
    precision = contrasts.precision(h2)
    total = np.einsum("ij,ij->j", traits, precision * traits)
    weighted = precision * traits / np.sqrt(np.maximum(total, np.finfo(float).tiny))
    weighted_t = np.ascontiguousarray(weighted.T, dtype=np.float32)
    precision_t = np.ascontiguousarray(precision.T, dtype=np.float32)
    basis_t = np.ascontiguousarray(contrasts.basis.T, dtype=np.float32)
    index = np.full((n_trait, n_best), -1, dtype=np.int64)
    score = np.full((n_trait, n_best), -1.0, dtype=np.float32)
    for first, block in blocks:
        # columns that do not vary are left at rounding error: never a candidate
        z, z2 = _rotated(basis_t, block)
        for start in range(0, n_trait, TRAITS_AT_ONCE):
            chunk = slice(start, start + TRAITS_AT_ONCE)
            r2 = weighted_t[chunk] @ z
            np.square(r2, out=r2)
            r2 /= precision_t[chunk] @ z2
            _keep_best(r2, first, index[chunk], score[chunk])
    return index


def _rotated(
    basis_t: NDArray[np.float32],  # (n_contrast, n)
    block: NDArray[np.float32],  # (n, width)
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # each (n_contrast, width)
    z = basis_t @ block
    z2 = np.square(z)
    size = np.einsum("ij,ij->j", block, block)
    flat = z2.sum(axis=0) <= 1e-6 * size
    z[:, flat] = 0
    z2[:, flat] = 1
    return z, z2


def _keep_best(
    r2: NDArray[np.float32],  # (n_trait, width)
    first: int,
    index: IntArray,  # (n_trait, n_best) changed
    score: NDArray[np.float32],  # (n_trait, n_best) changed
) -> None:
    """Merge the best of a block into the best so far."""
    n_best = score.shape[1]
    better = np.flatnonzero(r2.max(axis=1) > score.min(axis=1))
    if better.size == 0:
        return
    r2 = r2[better]
    if r2.shape[1] > n_best:
        place = np.argpartition(r2, -n_best, axis=1)[:, -n_best:]
    else:
        place = np.broadcast_to(np.arange(r2.shape[1]), r2.shape)
    value = np.take_along_axis(r2, place, 1)
    # a column that explains nothing is no candidate
    number = np.where(value > 0, place + first, -1)
    all_score = np.concatenate([score[better], value], axis=1)
    all_index = np.concatenate([index[better], number], axis=1)
    keep = np.argpartition(all_score, -n_best, axis=1)[:, -n_best:]
    score[better] = np.take_along_axis(all_score, keep, 1)
    index[better] = np.take_along_axis(all_index, keep, 1)
