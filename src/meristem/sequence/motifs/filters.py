"""What filters of a first convolution bind: mean of the sites that excite them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray
from meristem.sequence.motifs.motif import Motif

FEWEST_SITES = 10
"""Filters with fewer sites get no motif."""
PSEUDO_COUNT = 0.5
"""Added to the count of every base."""


def filter_motifs(
    onehot: NDArray[np.float32],  # (n, 4, length)
    activation: NDArray[np.float32],  # (n, n_filter, length - width + 1)
    width: int,
    *,
    share: float = 0.5,
    prefix: str = "filter",
) -> list[Motif]:
    """Return a motif for every filter that some sequences excite.

    Parameters
    ----------
    onehot
        Sequences that the filters were shown.
    activation
        What they answered, place by place, after the non-linearity or before.
    width
        Of the filters, bp.
    share
        A site counts where the answer is above this share of the greatest.
    prefix
        Of the names; a number follows.

    Returns
    -------
    list of Motif
        Named by the number of the filter, labelled by the number of sites.

    References
    ----------
    Alipanahi B et al. (2015) Nature Biotechnology 33:831-838 (DeepBind: sites above
    half of the greatest activation).
    """
    motifs = []
    for number in range(activation.shape[1]):
        answer = activation[:, number]
        greatest = float(answer.max(initial=0.0))
        if greatest <= 0:
            continue
        row, start = np.nonzero(answer > share * greatest)
        known = start + width <= onehot.shape[2]
        row, start = row[known], start[known]
        if row.size < FEWEST_SITES:
            continue
        place = start[:, None] + np.arange(width)
        counts = onehot[row[:, None], :, place].sum(axis=0).T.astype(np.float64)
        motifs.append(
            Motif(f"{prefix}_{number}", f"{row.size} sites", _frequencies(counts))
        )
    return motifs


def _frequencies(counts: FloatArray) -> FloatArray:  # (4, width)
    counts = counts + PSEUDO_COUNT
    return counts / counts.sum(axis=0)
