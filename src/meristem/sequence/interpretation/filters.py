"""Filters of the first layer of a network as motifs."""

from __future__ import annotations

import torch
from torch import nn

from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.interpretation.seqlets import LEAST_BITS, Pattern
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.motifs.filters import filter_motifs
from meristem.sequence.motifs.motif import information


@torch.no_grad()
def first_layer_motifs(
    model: NetworkEnsemble,
    onehot: OneHot,  # (n, 4, length)
    member: int = 0,
) -> list[Pattern]:
    """Return the motif of every filter that has one, the most frequent first.

    Filters with fewer than `LEAST_BITS` bits are left out; `mean` is the mean of the
    activations at the sites.

    Parameters
    ----------
    model
        The ensemble.
    onehot
        Sequences that the filters are shown.
    member
        Number of the network.
    """
    first = model.networks[member][0]
    if not isinstance(first, nn.Conv1d):
        return []
    weight = first.weight
    shown = torch.from_numpy(onehot)
    answer = nn.functional.conv1d(shown, weight, first.bias).numpy()
    found = []
    for motif in filter_motifs(onehot, answer, weight.shape[2], prefix="filter"):
        if information(motif).sum() < LEAST_BITS:
            continue
        own = answer[:, int(motif.name.rpartition("_")[2])]
        sites = own[own > 0.5 * own.max()]
        found.append(Pattern(motif, int(sites.size), float(sites.mean())))
    return sorted(found, key=lambda pattern: -pattern.n)
