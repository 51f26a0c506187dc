"""Correlations of many pairs of columns at once: observed, permuted, bootstrapped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from meristem.records import FloatArray, IntArray

MIN_ROWS = 5
"""Rows a correlation needs to say anything."""


def columnwise_r(
    a: FloatArray,  # (n_row, n_column)
    b: FloatArray,  # (n_row, n_column) NaN missing
) -> FloatArray:  # (n_column,)
    """Return Pearson's r of every column over the rows where b is known.

    0 where a does not vary, NaN where b does not or has fewer than `MIN_ROWS` values.
    """
    known = ~np.isnan(b)
    n = np.maximum(known.sum(axis=0), 1)
    a0 = np.where(known, a, 0.0)
    b0 = np.where(known, b, 0.0)
    a0 = np.where(known, a0 - a0.sum(axis=0) / n, 0.0)
    b0 = np.where(known, b0 - b0.sum(axis=0) / n, 0.0)
    aa, bb = (np.einsum("ij,ij->j", x, x) for x in (a0, b0))
    ab = np.einsum("ij,ij->j", a0, b0)
    size = np.where(known, np.abs(a), 0.0).max(axis=0, initial=0.0)
    flat_a = aa <= n * (1e-10 * size) ** 2
    flat_b = (bb <= 1e-300) | (known.sum(axis=0) < MIN_ROWS)
    scale = np.sqrt(np.where(flat_a | flat_b, 1.0, aa * bb))
    return np.where(flat_b, np.nan, np.where(flat_a, 0.0, ab / scale))


def permuted_r(
    a: FloatArray,  # (n_row, n_column)
    b: FloatArray,  # (n_row, n_column) NaN missing
    n_permutation: int,
    rng: np.random.Generator,
) -> Iterator[FloatArray]:  # each (n_column,)
    """Yield `columnwise_r` of a and permuted rows of b, all columns permuted alike."""
    orders = (rng.permutation(a.shape[0]) for _ in range(n_permutation))
    if np.isnan(b).any():
        for order in orders:
            yield columnwise_r(a, b[order])
        return
    # without gaps both sides are scaled once: a fraction of the time
    undefined = np.isnan(columnwise_r(a, b))
    unit_a, unit_b = _unit_columns(a), _unit_columns(b)
    for order in orders:
        r = np.einsum("ij,ij->j", unit_a, unit_b[order])
        yield np.where(undefined, np.nan, r)


def _unit_columns(x: FloatArray) -> FloatArray:
    """Return centred columns of length 1; 0 where a column does not vary."""
    centred = x - x.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    flat = norm <= 1e-10 * np.sqrt(x.shape[0]) * np.abs(x).max(axis=0)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, norm))


def counted_r(
    counts: IntArray,  # (n_draw, n_row)
    a: FloatArray,  # (n_row, n_column)
    b: FloatArray,  # (n_row, n_column) NaN missing
) -> FloatArray:  # (n_draw, n_column)
    """Return `columnwise_r` of every draw, rows repeated `counts` times."""
    known = ~np.isnan(b)
    n_known = np.maximum(known.sum(axis=0), 1)
    size = np.where(known, np.abs(a), 0.0).max(axis=0, initial=0.0)
    a = np.where(known, a, 0.0)
    b = np.where(known, b, 0.0)
    # centred first: the moments then do not lose digits
    a = np.where(known, a - a.sum(axis=0) / n_known, 0.0)
    b = np.where(known, b - b.sum(axis=0) / n_known, 0.0)
    w = counts.astype(float)
    drawn = w @ known
    n = np.maximum(drawn, 1)
    mean_a, mean_b = w @ a / n, w @ b / n
    aa = w @ (a * a) / n - mean_a**2
    bb = w @ (b * b) / n - mean_b**2
    ab = w @ (a * b) / n - mean_a * mean_b
    least = np.maximum(1e-12 * (a * a).sum(axis=0) / n_known, (1e-10 * size) ** 2)
    flat_a = aa <= least
    flat_b = (bb <= 1e-12 * ((b * b).sum(axis=0) / n_known)) | (drawn < MIN_ROWS)
    scale = np.sqrt(np.where(flat_a | flat_b, 1.0, aa * bb))
    return np.where(flat_b, np.nan, np.where(flat_a, 0.0, ab / scale))
