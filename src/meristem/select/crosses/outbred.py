"""Progeny of heterozygous, phased parents: Mendelian sampling, dominance included."""

from __future__ import annotations

import numpy as np

from meristem.genetics.inheritance.maps import GeneticMap, MapFunction
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.genetics.inheritance.transmission import transmission_variance
from meristem.records import FloatArray

_R = np.array([1.0])
_R2 = np.array([0.0, 1.0])


def gamete_variances(
    haplotypes: Haplotypes,  # (n, 2, n_locus)
    effect: FloatArray,  # (n_locus,) of one copy
    genetic_map: GeneticMap,
    function: MapFunction = "haldane",
) -> FloatArray:  # (n,)
    """Return the variance of the value of a gamete of each parent.

    The breeding values of the children of two parents vary by the sum of both;
    doubled haploids of one plant by 4 times its own.

    References
    ----------
    Bonk et al. 2016, Genet Sel Evol 48:36: w'Rw with w = (h1 - h2) a / 2.

    Examples
    --------
    >>> both = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))
    >>> f1 = np.array([[[1, 1], [0, 0]]], dtype=np.int8)
    >>> (4 * gamete_variances(f1, np.array([1.0, 0.5]), both)).round(6)
    array([1.92032])
    """
    half = _half_difference(haplotypes) * effect
    return transmission_variance(half, genetic_map, _R, function)


def child_moments(
    mothers: Haplotypes,  # (n_cross, 2, n_locus)
    fathers: Haplotypes,  # (n_cross, 2, n_locus)
    additive: FloatArray,  # (n_locus,) of one copy
    dominance: FloatArray,  # (n_locus,) of a heterozygote beyond the mean of both
    genetic_map: GeneticMap,
    function: MapFunction = "haldane",
) -> tuple[FloatArray, FloatArray]:  # (n_cross,) mean, (n_cross,) variance
    """Return mean and variance of the total value of children of two parents.

    A selfed plant stands on both sides: F2 of an F1, dominance included.

    Returns
    -------
    tuple
        The mean without the value of a plant that carries nothing, and the variance
        lx'Sx lx + ly'Sy ly + 4 d'(Sx * Sy) d.

    References
    ----------
    From the independence of both gametes x and y, with the value of a child
    a(x + y) + d(x + y - 2xy), locus by locus.
    """
    mean_1, mean_2 = mothers.mean(axis=1), fathers.mean(axis=1)
    half_1, half_2 = _half_difference(mothers), _half_difference(fathers)
    slope_1 = additive + dominance - 2 * dominance * mean_2
    slope_2 = additive + dominance - 2 * dominance * mean_1
    variance = transmission_variance(half_1 * slope_1, genetic_map, _R, function)
    variance += transmission_variance(half_2 * slope_2, genetic_map, _R, function)
    both = half_1 * half_2 * dominance
    variance += 4 * transmission_variance(both, genetic_map, _R2, function)
    mean = (mean_1 + mean_2) @ additive
    mean += (mean_1 + mean_2 - 2 * mean_1 * mean_2) @ dominance
    return mean, np.maximum(variance, 0.0)


def _half_difference(haplotypes: Haplotypes) -> FloatArray:  # (n, n_locus)
    return (haplotypes[:, 0].astype(np.float64) - haplotypes[:, 1]) / 2
