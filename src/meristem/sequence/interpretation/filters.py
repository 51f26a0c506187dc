"""Filters of the first layer as motifs: the bases under their strongest activations."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.interpretation.seqlets import (
    LEAST_BITS,
    Pattern,
    base_frequencies,
)
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.motifs.motif import Motif, information

SHARE = 0.5
"""Of the largest activation of a filter: windows above make its motif."""

LEAST = 10  # windows


@torch.no_grad()
def filter_motifs(
    model: NetworkEnsemble,
    onehot: OneHot,  # (n, 4, length)
    member: int = 0,
) -> list[Pattern]:
    """Return the motif of every filter that has one, the most frequent first.

    Filters with fewer than `LEAST_BITS` bits or `LEAST` windows are left out.

    References
    ----------
    Alipanahi et al. 2015, Nat Biotechnol 33:831.
    """
    first = model.networks[member][0]
    if not isinstance(first, nn.Conv1d):
        return []
    weight, bias = first.weight, first.bias
    score = nn.functional.conv1d(torch.from_numpy(onehot), weight, bias).numpy()
    width = weight.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(onehot, width, axis=2)
    found = []
    for number in range(weight.shape[0]):
        own = score[:, number]  # (n, n_start)
        top = float(own.max())
        rows, starts = np.nonzero(own > SHARE * top) if top > 0 else ([], [])
        if len(rows) < LEAST:
            continue
        count = windows[rows, :, starts].sum(axis=0).astype(np.float64)
        motif = Motif(f"filter{number + 1}", "", base_frequencies(count))
        if information(motif).sum() >= LEAST_BITS:
            found.append(Pattern(motif, len(rows), float(own[rows, starts].mean())))
    return sorted(found, key=lambda pattern: -pattern.n)
