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
