"""Kernels of marker distance."""

from __future__ import annotations

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray


def scaled_distance(
    product: FloatArray,  # (n, n) Z Z'
) -> tuple[FloatArray, float]:  # (n, n), median
    """Return squared distances over their median, and the median itself.

    Raises
    ------
    DataError
        If all rows are alike.
    """
    diagonal = np.diag(product)
    distance = diagonal + diagonal[:, None] - 2 * product
    np.maximum(distance, 0, out=distance)
    np.fill_diagonal(distance, 0.0)
    median = float(np.median(distance[np.triu_indices_from(distance, 1)]))
    if median <= 0:
        median = float(distance.mean())
    if median <= 0:
        raise DataError(
            "no variant varies among the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return distance / median, median


def gaussian(distance: FloatArray, bandwidth: float) -> FloatArray:
    """Return exp(-bandwidth * distance)."""
    return np.exp(-bandwidth * distance)


def arc_cosine(
    product: FloatArray,  # (n_row, n_column) inner products
    row: FloatArray,  # (n_row,) squared norms
    column: FloatArray,  # (n_column,)
    layers: int = 1,
) -> FloatArray:  # (n_row, n_column)
    """Return the kernel of an infinitely wide network of rectified units.

    References
    ----------
    Cho & Saul 2009, NeurIPS 22; Cuevas et al. 2019, G3 9:2913 (for genomes).

    Examples
    --------
    >>> size = np.array([4.0]), np.array([4.0, 4.0])
    >>> arc_cosine(np.array([[4.0, 0.0]]), *size).round(3)
    array([[4.   , 1.273]])
    """
    size = np.sqrt(np.multiply.outer(row, column))
    kernel = product
    for _ in range(layers):
        cosine = np.clip(kernel / np.maximum(size, 1e-300), -1, 1)
        angle = np.arccos(cosine)
        kernel = size / np.pi * (np.sin(angle) + (np.pi - angle) * cosine)
    return kernel
