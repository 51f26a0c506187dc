"""Variance of progeny where effects are uncertain: the posterior mean variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.inheritance.maps import GeneticMap, MapFunction
from meristem.records import FloatArray
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import DH_OF_F1, Progeny


def posterior_mean_variances(
    code: NDArray,  # (n_line, n_locus)
    draws: FloatArray,  # (n_draw, n_locus) effects drawn from their posterior
    genetic_map: GeneticMap,
    progeny: Progeny = DH_OF_F1,
    function: MapFunction = "haldane",
) -> FloatArray:  # (n_line, n_line)
    """Return E[w' S w] over draws of the effects, for all pairs.

    Shrunken effects alone give a variance that is too small by tr(S V), V the
    covariance of what is not known of the effects.

    References
    ----------
    Lehermeier et al. 2017, Genetics 207:1651 (PMV against VPM).
    """
    total = np.zeros((code.shape[0], code.shape[0]))
    for effect in draws:
        total += pair_variances(code, effect, genetic_map, progeny, function)
    total /= len(draws)
    return total
