"""Variants that may have large effects: candidates of a spike-and-slab prior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.targets import Target
from meristem.records import FloatArray, IntArray

EXPECTED_MAJOR = 0.01
"""Variants of large effect expected among all, before the data are seen: only what a
genome-wide scan would call beyond doubt leaves the kernels."""
MAX_MAJOR = 16
"""Candidates followed; the prior counts all variants that were looked at."""
_SCREENED = 256
_LARGEST_VALUE = 4.5
"""Standardised genotype from which an allele is rare (about 5 % among inbred lines):
a few carriers would take the noise of their own phenotypes for its effect."""
_LARGEST_R2 = 0.5
"""Squared correlation from which two candidates stand for the same locus."""


def major_candidates(
    markers: NDArray,  # (n, n_variant) standardised, rows of the target
    base: Sequence[FloatArray],  # each (n, n), mean diagonal 1
    target: Target,
) -> IntArray:  # (<= MAX_MAJOR,) sorted
    """Return the variants with the largest scores, one per locus.

    The score is that of one more fixed effect where the base kernels share half of
    the variance, (x'Py)^2 / x'Px.

    Parameters
    ----------
    markers
        Of training rows alone.
    base
        Kernels that stand for all other variants.
    target
        Values and weights of the rows.

    References
    ----------
    Zhou & Stephens 2012, Nature Genetics 44:821 (score test in a mixed model).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(90, 30))
    >>> y = x[:, 7] + 0.5 * rng.normal(size=90)
    >>> target = Target(0, np.arange(90), y, np.ones(90))
    >>> bool(7 in major_candidates(x, [x @ x.T / 30], target))
    True
    """
    covariance = np.diag(0.5 / target.weight)
    for kernel in base:
        covariance += 0.5 / len(base) * kernel
    inverse = np.linalg.inv(covariance)
    total = inverse.sum(axis=0)
    projection = inverse - np.outer(total, total) / total.sum()
    slope = np.abs((projection @ target.y) @ markers)
    slope[np.abs(markers).max(axis=0) > _LARGEST_VALUE] = 0.0
    screened = np.argsort(-slope, kind="stable")[:_SCREENED]
    x = markers[:, screened].astype(np.float64)
    x -= x.mean(axis=0)
    power = np.einsum("ij,ij->j", x, projection @ x)
    usable = power > 1e-6 * max(power.max(initial=0), 1e-300)
    score = np.where(usable, slope[screened] ** 2 / np.where(usable, power, 1.0), 0.0)
    size = np.sqrt(np.sum(x**2, axis=0))
    x /= np.where(size > 0, size, 1.0)
    chosen: list[int] = []
    for j in np.argsort(-score, kind="stable").tolist():
        if score[j] <= 0 or len(chosen) == MAX_MAJOR:
            break
        if not chosen or np.max((x[:, chosen].T @ x[:, j]) ** 2) < _LARGEST_R2:
            chosen.append(j)
    return np.sort(screened[chosen])
