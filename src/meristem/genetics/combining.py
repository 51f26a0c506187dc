"""Kernels of hybrids: general and specific combining ability, dominance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.relationship import gram
from meristem.records import FloatArray, IntArray


def general_combining_kernel(
    parent_kernel: FloatArray,  # (n_parent, n_parent)
    parent: IntArray,  # (n_hybrid,) the parent on this side
) -> FloatArray:  # (n_hybrid, n_hybrid)
    """Return the covariance of hybrids through one of their parents.

    Parameters
    ----------
    parent_kernel
        Relationship of the parents of one side (all dents, say).
    parent
        Each hybrid's parent on that side, as a row of `parent_kernel`.

    References
    ----------
    Bernardo 1994, Crop Sci 34:20: hybrids sharing a parent share its general
    combining ability.

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.array([[1.0, 0.2], [0.2, 1.0]])
    >>> general_combining_kernel(kernel, np.array([0, 0, 1]))
    array([[1. , 1. , 0.2],
           [1. , 1. , 0.2],
           [0.2, 0.2, 1. ]])
    """
    return parent_kernel[np.ix_(parent, parent)]


def specific_combining_kernel(
    kernel_1: FloatArray,  # (n_parent_1, n_parent_1)
    parent_1: IntArray,  # (n_hybrid,)
    kernel_2: FloatArray,  # (n_parent_2, n_parent_2)
    parent_2: IntArray,  # (n_hybrid,)
) -> FloatArray:  # (n_hybrid, n_hybrid)
    """Return the covariance of hybrids through the combination of both parents.

    References
    ----------
    Bernardo 1994, Crop Sci 34:20: the product of the relationships on both sides.
    """
    return general_combining_kernel(kernel_1, parent_1) * general_combining_kernel(
        kernel_2, parent_2
    )


def heterozygosity(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ploidy: int = 2,
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    """Return 1 where a call carries both alleles, 0 where it does not, -1 missing."""
    result = ((call_dosage > 0) & (call_dosage < ploidy)).astype(np.int8)
    result[call_dosage < 0] = -1
    return result


def dominance_matrix(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    frequency: FloatArray,  # (n_variant,) of the counted allele
) -> FloatArray:  # (n_sample, n_sample)
    """Return the dominance relationship of diploids in Hardy-Weinberg proportions.

    References
    ----------
    Su et al. 2012, PLoS ONE 7:e45293: D = H H' / sum 2pq (1 - 2pq), H the
    heterozygosity centred on its expectation 2pq.
    """
    expected = 2 * frequency * (1 - frequency)
    result = gram(heterozygosity(call_dosage), expected)
    result /= float(np.sum(expected * (1 - expected)))
    return result
