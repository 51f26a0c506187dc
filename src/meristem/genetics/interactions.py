"""Features of dominance, and kernels of products of variants (epistasis)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray


def breeding_dominance(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant) of diploids
    frequency: FloatArray,  # (n_variant,) of the counted allele
) -> FloatArray:  # (n_sample, n_variant)
    """Return dominance deviations, orthogonal to additive values.

    -2 q^2, 2 p q and -2 p^2 for two, one and no copies of the allele of frequency p;
    0 where missing. The coding by heterozygosity is `combining.heterozygosity`: the
    variances of the two differ.

    References
    ----------
    Vitezica, Varona & Legarra 2013, Genetics 195:1223.

    Examples
    --------
    >>> breeding_dominance(np.array([[0], [1], [2], [-1]], dtype=np.int8),
    ...                    np.array([0.25])).ravel().tolist()
    [-0.125, 0.375, -1.125, 0.0]
    """
    p, q = frequency, 1 - frequency
    levels = np.stack([-2 * p**2, 2 * p * q, -2 * q**2, np.zeros_like(p)])
    code = np.where(call_dosage < 0, 3, call_dosage)
    return levels[code, np.arange(p.size)]


def pairs_kernel(
    one: tuple[FloatArray, FloatArray],  # (n_row, p), (n_column, p) of one effect
    two: tuple[FloatArray, FloatArray],  # of the other
) -> FloatArray:  # (n_row, n_column)
    """Return the kernel of products of two different variants, summed over pairs.

    The Hadamard product of the two kernels, less the products of a variant with
    itself, which are no interaction.

    References
    ----------
    Henderson 1985, J Anim Sci 60:111 (Hadamard products); Jiang & Reif 2015, Genetics
    201:759 (without self-pairs).

    Examples
    --------
    >>> z = np.array([[1.0, 2.0, 0.0], [3.0, -1.0, 2.0]])
    >>> pairs_kernel((z, z), (z, z)) / 2  # z_1 z_2, z_1 z_3, z_2 z_3
    array([[ 4., -6.],
           [-6., 49.]])
    """
    both = (one[0] @ one[1].T) * (two[0] @ two[1].T)
    return both - (one[0] * two[0]) @ (one[1] * two[1]).T
