"""Group coancestry, rate of inbreeding, effective size."""

from __future__ import annotations

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray


def group_coancestry(
    contribution: FloatArray,  # (n_sample,) shares, sum 1
    coancestry: FloatArray,  # (n_sample, n_sample)
) -> float:
    """Return c'fc: the coancestry of the gametes, pairs with themselves included.

    That is the inbreeding expected one generation on under random mating in which
    selfing happens as often as it falls.
    """
    used = np.flatnonzero(contribution)
    c = contribution[used]
    return float(c @ coancestry[np.ix_(used, used)] @ c)


def rate_of_inbreeding(theta: float, base: float) -> float:
    """Return dF = (theta - base) / (1 - base), the share of diversity lost.

    Parameters
    ----------
    theta, base
        Group coancestry of the parents, and of what they were chosen from; 0..1.
    """
    return (theta - base) / (1 - base)


NO_LOSS = 1e-6
"""Rate of inbreeding below which there is none: rounding, not parents, makes it."""


def effective_size(rate: float) -> float:
    """Return Ne = 1 / (2 dF); infinite where nothing is lost (dF of at most 1e-6).

    References
    ----------
    Falconer & Mackay 1996, Introduction to quantitative genetics, ch. 4.

    Examples
    --------
    >>> effective_size(0.01), effective_size(-0.2), effective_size(1e-12)
    (50.0, inf, inf)
    """
    return 1 / (2 * rate) if rate > NO_LOSS else np.inf


def bound_of(effective: float, base: float, generations: float = 1.0) -> float:
    """Return the group coancestry allowed by an effective size.

    theta = 1 - (1 - base)(1 - 1 / (2 Ne))^t.

    Parameters
    ----------
    effective
        Ne, above 1/2.
    base
        Group coancestry now.
    generations
        t: 1 for the next one; 1/L for one year at a generation interval of L years.

    Raises
    ------
    ConfigError
        If Ne is not above one half.

    Examples
    --------
    The bound of the vignette of optiSel (kinship .0551504, L 4.910714, Ne 100):

    >>> round(bound_of(100, 0.0551504, 1 / 4.910714), 7)
    0.0561143
    """
    if effective <= 0.5:
        raise ConfigError(
            f"an effective size of {effective:g} is no population",
            where="diversity.min_ne",
            remedy="give a number above 0.5, usually 10 to 100",
        )
    return 1 - (1 - base) * (1 - 1 / (2 * effective)) ** generations


def status_number(theta: float) -> float:
    """Return 1 / (2 theta): unrelated non-inbred parents with that coancestry.

    References
    ----------
    Lindgren et al. 1996, Silvae Genet 45:52.
    """
    return 1 / (2 * theta)


def effective_parents(contribution: FloatArray) -> float:
    """Return 1 / sum c^2: equal contributors with that concentration."""
    return float(1 / np.sum(contribution**2))
