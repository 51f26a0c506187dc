"""Allele frequencies and dosage moments, read block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray

BLOCK = 2048
"""Variants held as float at a time."""
N_BIN = 10
"""Classes of allele frequency within which variants are permuted."""


@dataclass(frozen=True)
class DosageMoments:
    """Mean and variance of the dosage of every variant, missing calls left out."""

    mean: FloatArray  # (n_variant,) 0 where never called
    variance: FloatArray  # (n_variant,) divided by the number of calls
    n_called: IntArray  # (n_variant,)


def dosage_moments(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    *,
    block: int = BLOCK,
) -> DosageMoments:
    """Return mean and variance of every variant's dosage over its calls.

    Parameters
    ----------
    call_dosage
        Dosage 0..ploidy; negative is missing.
    block
        Variants converted to float at a time.

    Returns
    -------
    DosageMoments
        A variant without any call has mean 0 and variance 0.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0, 2, 1], [2, -1, 1]], dtype=np.int8)
    >>> dosage_moments(x).mean
    array([1., 2., 1.])
    """
    n_sample, n_variant = call_dosage.shape
    mean = np.zeros(n_variant)
    variance = np.zeros(n_variant)
    n_called = np.full(n_variant, n_sample, dtype=np.int64)
    work = np.empty((n_sample, min(block, n_variant)), dtype=np.float32)
    for start in range(0, n_variant, block):
        calls = call_dosage[:, start : start + block]
        columns = slice(start, start + calls.shape[1])
        values = work[:, : calls.shape[1]]
        values[:] = calls
        if calls.size and calls.min() < 0:
            missing = calls < 0
            values[missing] = 0
            n_called[columns] -= missing.sum(axis=0)
        # float32 sums of whole numbers are exact below 2^24
        total = values.sum(axis=0).astype(np.float64)
        square = np.einsum("ij,ij->j", values, values).astype(np.float64)
        count = np.maximum(n_called[columns], 1)
        mean[columns] = total / count
        variance[columns] = np.maximum(square / count - mean[columns] ** 2, 0)
    return DosageMoments(mean, variance, n_called)


def missing_share(call_dosage: NDArray[np.int8]) -> float:  # (n_sample, n_variant)
    """Return the share of calls that are missing.

    Examples
    --------
    >>> import numpy as np
    >>> missing_share(np.array([[0, -1], [0, 2]], dtype=np.int8))
    0.25
    """
    starts = range(0, call_dosage.shape[1], BLOCK)
    blocks = (call_dosage[:, start : start + BLOCK] for start in starts)
    missing = sum(int((b < 0).sum()) for b in blocks if int(b.min(initial=0)) < 0)
    size = call_dosage.shape[0] * call_dosage.shape[1]
    return missing / size if size else float("nan")


def varies(call_dosage: NDArray[np.int8]) -> bool:  # (n_sample, n_variant)
    """Tell whether any variant has two different calls; stops at the first block.

    Examples
    --------
    >>> import numpy as np
    >>> varies(np.array([[0, -1], [0, 2]], dtype=np.int8))
    False
    """
    starts = range(0, call_dosage.shape[1], BLOCK)
    blocks = (call_dosage[:, start : start + BLOCK] for start in starts)
    return any(bool((dosage_moments(block).variance > 0).any()) for block in blocks)


def heterozygosity(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ploidy: int = 2,
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    """Return 1 where a call carries both alleles, 0 where it does not, -1 missing."""
    result = ((call_dosage > 0) & (call_dosage < ploidy)).astype(np.int8)
    result[call_dosage < 0] = -1
    return result


def frequency_permutation(
    mean: FloatArray,  # (n_variant,) dosage
    rng: np.random.Generator,
) -> IntArray:  # (n_variant,)
    """Return variants permuted among those of like frequency of the minor allele.

    Examples
    --------
    >>> import numpy as np
    >>> mean = np.array([0.1, 0.1, 1.0, 1.0, 1.9, 1.9])
    >>> found = frequency_permutation(mean, np.random.default_rng(1))
    >>> sorted(found.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    minor = np.minimum(mean, mean.max(initial=0.0) - mean)
    order = np.argsort(minor, kind="stable")
    permuted = np.arange(mean.size)
    for members in np.array_split(order, min(N_BIN, max(mean.size, 1))):
        permuted[members] = rng.permutation(members)
    return permuted
