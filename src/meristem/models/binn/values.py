"""Values inside a network of a plan, some lines at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.nn.dag import PlanNetwork, Replacement
from meristem.prepare.scale import MarkerScale
from meristem.records import FloatArray

_ROWS = 1024
"""Samples computed at a time."""


def network_inputs(
    network: PlanNetwork,
    markers: MarkerScale,
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
) -> Iterator[Tensor]:  # each (n_used_variant, rows)
    """Yield the standardised variants that the network reads, some rows at a time."""
    used = network.used_variant
    scale = markers.take(used)
    for start in range(0, dosage.shape[0], _ROWS):
        rows = dosage[start : start + _ROWS, used]
        yield torch.from_numpy(np.ascontiguousarray(scale.standardise(rows).T))


def network_values(
    network: PlanNetwork,
    markers: MarkerScale,
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
    replacement: Replacement | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return standardised traits and latents, members first, samples second."""
    members = network.members
    values = [np.zeros((members, 0, network.n_target))]
    latents = [np.zeros((members, 0, network.n_node))]
    with torch.no_grad():
        for x in network_inputs(network, markers, dosage):
            output = network(x, replacement=replacement)
            values.append(output.value.transpose(1, 2).double().numpy())
            latents.append(output.latent.permute(1, 2, 0).double().numpy())
    return np.concatenate(values, axis=1), np.concatenate(latents, axis=1)
