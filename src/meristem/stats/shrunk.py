"""A factor on a variance, measured with doubt, shrunk towards one."""

from __future__ import annotations

PRIOR_DOUBT = 0.5
"""Standard deviation of the factor before anything is measured."""
SMALLEST = 0.25
"""No variance is cut below this share of what the model says."""


def shrunk_scale(measured: float, doubt: float) -> float:
    """Return the factor a measurement of standard error `doubt` leads to.

    The mean of the posterior of a normal prior around 1, at least a quarter.

    Examples
    --------
    >>> shrunk_scale(3.0, 0.5), shrunk_scale(3.0, 0.0)
    (2.0, 3.0)
    """
    weight = PRIOR_DOUBT**2 / (PRIOR_DOUBT**2 + doubt**2)
    return max(float(1 + weight * (measured - 1)), SMALLEST)
