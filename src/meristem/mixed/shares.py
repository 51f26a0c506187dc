"""How far the core is trusted beside a path from all variants alone."""

from __future__ import annotations

import numpy as np

from meristem.mixed.stacking import held_out_slopes
from meristem.records import FloatArray

MEAN, SD = 0.8, 0.2
"""What the core's share is beforehand: where a few held-out lines cannot tell, about
the mean of both, which errs less than either."""
_GRID = np.linspace(0.0, 1.0, 201)


def expected_share(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    alone: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    core: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
) -> FloatArray:  # (n_target,) in [0, 1]
    """Return the expected share b of the core in (1 - b) alone + b core.

    Its least-squares weight on held-out rows is a measurement of b with (sandwich)
    error variance, and b has a normal distribution beforehand, cut to [0, 1]. Where
    nothing was held out the share is 1.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions); Efron & Morris 1973,
    JASA 68:117 (shrinkage towards a prior mean).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, ones = rng.normal(size=(200, 1)), np.ones((200, 1))
    >>> good, bad = 0.5 * y, rng.normal(size=(200, 1))
    >>> expected_share(y, ones, bad, good).round(1)
    array([1.])
    >>> expected_share(y, ones, good, bad).round(1)
    array([0.])
    """
    share = np.ones(observed.shape[1])
    for t, slope in held_out_slopes(observed, weight, alone, core - alone).items():
        b, variance = slope
        log_odds = -0.5 * ((_GRID - b) ** 2 / variance + ((_GRID - MEAN) / SD) ** 2)
        odds = np.exp(log_odds - log_odds.max())
        share[t] = float(odds @ _GRID / odds.sum())
    return share
