"""Heterozygosity: what dominance is coded by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def heterozygosity(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ploidy: int = 2,
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    """Return 1 where a call carries both alleles, 0 where it does not, -1 missing."""
    result = ((call_dosage > 0) & (call_dosage < ploidy)).astype(np.int8)
    result[call_dosage < 0] = -1
    return result
