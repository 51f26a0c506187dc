"""Mean of the children of every pair of parents, of any ploidy, with dominance (GPCP).

For clonal and hybrid crops the mean of a family is what is selected for: parents that
complement each other at loci of dominance are worth more than their mid-parent.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.frequency import BLOCK
from meristem.records import FloatArray

Scale = Literal["carried", "dosage"]
"""How a partly heterozygous polyploid counts: 1 for any, or x (P - x) (2 / P)^2."""


def family_means(
    call_dosage: NDArray[np.int8],  # (n_line, n_locus) 0..ploidy, none missing
    additive: FloatArray,  # (n_locus,) of one copy
    dominance: FloatArray,  # (n_locus,) of a heterozygote
    *,
    ploidy: int = 2,
    scale: Scale = "carried",
    inbreeding: float = 0.0,
) -> FloatArray:  # (n_line, n_line)
    """Return the mean value of the children of every pair of parents.

    Chromosomes pair at random (no double reduction), so that a parent of dosage x
    gives a hypergeometric number of copies. Without dominance that is the mid-parent;
    of inbred parents it is the F1 itself.

    Parameters
    ----------
    call_dosage
        Of the parents.
    additive, dominance
        Effects; the value of a plant without any copy is left out.
    ploidy
        Even, at least 2.
    scale
        `carried`: a plant that carries both alleles counts 1, as in our dominance
        models; `dosage`: x (P - x) (2 / P)^2. The same for diploids.
    inbreeding
        Change of the value with the share of heterozygous loci (directional
        dominance); spread over the loci.

    References
    ----------
    Werner et al. 2023, G3 13:jkad221 (cross performance of clones with dominance).

    Examples
    --------
    >>> lines = np.array([[2, 0], [0, 0]], dtype=np.int8)
    >>> family_means(lines, np.array([1.0, 1.0]), np.array([0.5, 0.5]))[0, 1]
    np.float64(1.5)
    """
    if ploidy < 2 or ploidy % 2:
        raise DataError(
            f"plants of ploidy {ploidy} have no gametes of half their chromosomes",
            remedy="give genotypes of even ploidy",
        )
    n = call_dosage.shape[0]
    value = dominance + inbreeding / max(dominance.size, 1)
    half = call_dosage @ additive / 2
    total = half + half[:, None]
    for start in range(0, call_dosage.shape[1], BLOCK):
        part = slice(start, start + BLOCK)
        calls, weight = call_dosage[:, part], value[part]
        if scale == "carried":
            total += weight.sum()
            for copies in (0, ploidy // 2):
                chance = _gamete_chance(ploidy, copies)[calls]
                total -= (chance * weight) @ chance.T
            continue
        mean = calls / 2.0
        spread = _gamete_variance(ploidy)[calls]
        own = (ploidy * mean - mean**2 - spread) @ weight
        factor = (2 / ploidy) ** 2
        total += factor * (own + own[:, None] - 2 * (mean * weight) @ mean.T)
    return total.reshape(n, n)


def _gamete_chance(ploidy: int, copies: int) -> FloatArray:  # (ploidy + 1,)
    """Return the chance that a gamete of a parent of each dosage has `copies`."""
    dosage = np.arange(ploidy + 1)
    return np.asarray(scipy.stats.hypergeom.pmf(copies, ploidy, dosage, ploidy // 2))


def _gamete_variance(ploidy: int) -> FloatArray:  # (ploidy + 1,)
    share = np.arange(ploidy + 1) / ploidy
    return share * (1 - share) * (ploidy / 2) ** 2 / (ploidy - 1)
