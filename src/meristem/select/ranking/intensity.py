"""Selection intensity, in a population without end and in one of N candidates."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from meristem.errors import DataError
from meristem.stats.normal import normal_density


def intensity(share: float) -> float:
    """Return the mean of the best share of a standard normal population, SD.

    Parameters
    ----------
    share
        Selected share p, above 0, at most 1; i = phi(z) / p, z = Phi^-1(1 - p).

    Raises
    ------
    DataError
        If the share is not in (0, 1].

    References
    ----------
    Falconer & Mackay 1996, Introduction to quantitative genetics, ch. 11.

    Examples
    --------
    >>> round(intensity(0.10), 4), round(intensity(0.01), 4)
    (1.755, 2.6652)
    """
    if not 0 < share <= 1:
        raise DataError(
            f"a share of {share:g} cannot be selected",
            remedy="give a share above 0 and at most 1",
        )
    if share == 1:
        return 0.0
    return float(normal_density(ndtri(share)) / share)


def finite_intensity(n: int, k: int) -> float:
    """Return the expected mean of the best k of n independent normal values, SD.

    i_n = i - (n - k) / (2 k (n + 1) i): without the correction the best 2 of 10 would
    promise 10 % too much.

    References
    ----------
    Burrows 1972, Biometrics 28:1091.

    Examples
    --------
    >>> round(finite_intensity(10, 2), 3), round(finite_intensity(100, 10), 3)
    (1.27, 1.73)
    """
    i = intensity(k / n)
    return i - (n - k) / (2 * k * (n + 1) * i) if i > 0 else 0.0


def expected_maximum(n: int) -> float:
    """Return the expected largest of n independent standard normal values.

    The integral of n x phi(x) Phi(x)^(n - 1), by quadrature on a fixed grid.

    Examples
    --------
    >>> [round(expected_maximum(n), 4) for n in (2, 10, 200)]
    [0.5642, 1.5388, 2.746]
    """
    x = np.linspace(-9, 9, 4001)
    density = n * normal_density(x) * ndtr(x) ** (n - 1)
    return float(np.trapezoid(x * density, x))
