"""The normal density; here, because SciPy's comes with all its distributions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meristem.records import FloatArray


def normal_density(x: ArrayLike) -> FloatArray:
    """Return the standard normal density.

    Examples
    --------
    >>> float(normal_density(0.0).round(4))
    0.3989
    """
    return np.exp(-0.5 * np.square(x)) / np.sqrt(2 * np.pi)
