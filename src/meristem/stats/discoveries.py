"""False discovery rates of lists of tests and of posterior probabilities."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return q values: the false discovery rate at which each test is accepted.

    NaN stays NaN and counts as no test.

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289.

    Examples
    --------
    >>> import numpy as np
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.04, 0.04])
    """
    known = np.flatnonzero(~np.isnan(p))
    q = np.full(p.shape, np.nan)
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * order.size / np.arange(1, order.size + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def q_within(
    p: FloatArray,  # (n,)
    family: IntArray | None = None,  # (n,)
) -> FloatArray:  # (n,)
    """Return Benjamini-Hochberg q values, each family of tests by itself."""
    if family is None:
        return benjamini_hochberg(p)
    q = np.empty(p.size)
    for member in np.unique(family):
        q[family == member] = benjamini_hochberg(p[family == member])
    return q


def expected_fdr(
    probability: FloatArray,  # (n,)
) -> FloatArray:  # (n,)
    """Return the expected share of false finds at each probability as threshold.

    References
    ----------
    Newton, Noueiry, Sarkar & Ahlquist 2004, Biostatistics 5:155 (direct posterior
    probability approach).

    Examples
    --------
    >>> import numpy as np
    >>> expected_fdr(np.array([0.5, 0.9, 0.9])).round(3)
    array([0.233, 0.1  , 0.1  ])
    """
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    mean = np.cumsum(1 - ranked) / np.arange(1, ranked.size + 1)
    # equals share the value of the last of them
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    fdr = np.empty(ranked.size)
    fdr[order] = mean[last]
    return fdr
