"""Progeny of crosses between inbred lines: two, three and four parents, all at once.

With Q = Z S Z' over all lines the variance of every cross is a sum of entries of Q:
two parents need (Q_AA + Q_BB - 2 Q_AB) / 4, four need two such matrices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.inheritance.maps import GeneticMap, MapFunction
from meristem.genetics.inheritance.transmission import transmission_product
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.progeny import DH_OF_F1, Progeny


def pair_variances(
    code: NDArray,  # (n_line, n_locus) copies of the allele counted, 0..ploidy
    effect: FloatArray,  # (n_locus,) of one copy
    genetic_map: GeneticMap,
    progeny: Progeny = DH_OF_F1,
    function: MapFunction = "haldane",
) -> FloatArray:  # (n_line, n_line)
    """Return the variance among the progeny of every pair of inbred lines.

    Parameters
    ----------
    code
        Dosages in the order of the map; -1 is missing and takes the mean.
    effect
        Value of one copy.
    genetic_map
        Where the loci lie.
    progeny
        What is made of the F1.
    function
        How map distance becomes recombination.

    Returns
    -------
    numpy.ndarray
        Symmetric, 0 on the diagonal, never negative.

    References
    ----------
    Lehermeier et al. 2017, Genetics 207:1651; for all pairs at once by
    w' S w = (Q_AA + Q_BB - 2 Q_AB) / 4.

    Examples
    --------
    >>> both = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))
    >>> code = np.array([[2, 2], [0, 0], [2, 0]])
    >>> pair_variances(code, np.array([1.0, 0.5]), both)[0, 1].round(6)
    np.float64(1.92032)
    """
    product = transmission_product(code, effect, genetic_map, progeny.weights, function)
    return pair_contrast(product)


def pair_contrast(
    product: FloatArray,  # (n, n) Q; overwritten
) -> FloatArray:  # (n, n)
    """Return (Q_AA + Q_BB - 2 Q_AB) / 4 for all pairs, in place."""
    quarter = np.diagonal(product) / 4
    product *= -0.5
    product += quarter
    product += quarter[:, None]
    np.fill_diagonal(product, 0.0)
    return np.maximum(product, 0.0, out=product)


def four_way_moments(
    value: FloatArray,  # (n_line,) of the lines
    first: FloatArray,  # (n_line, n_line) Z R Z'
    second: FloatArray,  # (n_line, n_line) Z R^2 Z'
    parents: IntArray,  # (n_cross, 4) of (A x B) x (C x D)
) -> tuple[FloatArray, FloatArray]:  # (n_cross,) mean, (n_cross,) variance
    """Return mean and variance of doubled haploids of four-way crosses.

    A three-way cross (A x B) x C names C twice, a backcross (A x B) x A names A
    three times.

    Parameters
    ----------
    value, first, second
        Of the lines, the matrices by `transmission_product` with powers (1,), (0, 1).
    parents
        Rows of the four parents; a line may stand in several places.

    References
    ----------
    D'RD + 1/4 [d_AB'(R + R^2) d_AB + d_CD'(R + R^2) d_CD], D the difference of the
    means of both F1, d the half difference within each.

    Examples
    --------
    >>> code = np.array([[2, 0, 2], [0, 0, 0], [2, 2, 0], [0, 2, 2]])
    >>> place = GeneticMap(np.array([0, 0, 1]), np.array([0.0, 0.2, 0.0]))
    >>> effect = np.array([1.0, -0.5, 2.0])
    >>> powers = np.array([1.0]), np.array([0.0, 1.0])
    >>> q = [transmission_product(code, effect, place, power) for power in powers]
    >>> abcd = np.array([[0, 1, 2, 3]])
    >>> four_way_moments(code @ effect, *q, abcd)[1].round(4)
    array([5.25])
    """
    a, b, c, d = parents.T
    between = _quadratic(first, parents, np.array([1.0, 1.0, -1.0, -1.0])) / 16
    within = sum(
        matrix[one, one] + matrix[two, two] - 2 * matrix[one, two]
        for matrix in (first, second)
        for one, two in ((a, b), (c, d))
    )
    return value[parents].mean(axis=1), np.maximum(between + within / 16, 0.0)


def _quadratic(
    matrix: FloatArray,  # (n, n)
    rows: IntArray,  # (n_cross, n_parent)
    weight: FloatArray,  # (n_parent,)
) -> FloatArray:  # (n_cross,)
    """Return s' Q s for the rows of every cross."""
    entries = matrix[rows[:, :, None], rows[:, None, :]]
    return np.einsum("i,cij,j->c", weight, entries, weight)
