"""Variance-based sensitivity of a function by Monte Carlo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from meristem.records import FloatArray


def total_effects(
    function: Callable[[FloatArray], FloatArray],  # (n, n_input) -> (n,)
    one: FloatArray,  # (n, n_input)
    other: FloatArray,  # (n, n_input)
) -> FloatArray:  # (n_input,)
    """Return the share of variance that each input is involved in.

    With one sample, and the same sample with input i taken from an independent one,
    the total effect of i is half the mean squared difference of the function, over
    its variance.

    Parameters
    ----------
    function
        Of independent inputs, one row each.
    one, other
        Two independent samples of the inputs.

    References
    ----------
    Jansen 1999, Comput Phys Commun 117:35; Saltelli et al. 2010, Comput Phys Commun
    181:259 (the design).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=(2, 100_000, 2))
    >>> total_effects(lambda z: 2 * z[:, 0] + z[:, 1], x[0], x[1]).round(1).tolist()
    [0.8, 0.2]
    """
    value = function(one)
    variance = float(np.concatenate([value, function(other)]).var())
    effects = np.zeros(one.shape[1])
    for column in range(one.shape[1]):
        mixed = one.copy()
        mixed[:, column] = other[:, column]
        effects[column] = intervention_effect(value, function(mixed), variance)
    return effects


def intervention_effect(
    value: FloatArray,  # (n,)
    changed: FloatArray,  # (n,)
    variance: float,
) -> float:
    """Return half the mean squared change over the variance; 0 of a constant."""
    if variance <= 0:
        return 0.0
    return float(np.mean((value - changed) ** 2) / (2 * variance))
