"""What decides a mixture: options of its parts, and their shares beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from meristem.config.models import (
    ForestOptions,
    KernelAverageOptions,
    WeightedGBLUPOptions,
)
from meristem.records import FloatArray

MOST = 10_000
"""Markers of the scan and of the forest: evenly spaced where there are more."""
BASE = "kernels"
PRIOR = {BASE: 0.7, "scan": 0.1, "forest": 0.2, "predicted omics": 0.2}
"""From refolds of public panels other than those of the published tables."""


@dataclass(frozen=True)
class PartsOptions:
    """Options of the parts that read all variants."""

    kernels: KernelAverageOptions = KernelAverageOptions()
    # without 1, which is GBLUP: the base has it
    scan: WeightedGBLUPOptions = WeightedGBLUPOptions(prior=(0.001, 0.01, 0.1))
    forest: ForestOptions = ForestOptions(trees=200, max_features=0.1, min_leaf=5)


@dataclass(frozen=True)
class MixtureSettings:
    """What decides the shares."""

    parts: PartsOptions = PartsOptions()
    prior: Mapping[str, float] = field(default_factory=lambda: PRIOR)
    """Shares of the parts before rows left out are seen, of those that are there."""
    sd: float = 0.3
    """How far shares may be from that."""
    network_sd: float = 0.5
    """How far the share of a network may be from what it is beforehand."""

    def beforehand(self, names: Sequence[str]) -> FloatArray:  # (n_part,) of sum 1
        """Return the shares of parts before rows left out are seen.

        Examples
        --------
        >>> MixtureSettings().beforehand(["kernels", "scan", "forest"]).round(2)
        array([0.7, 0.1, 0.2])
        """
        share = np.array([self.prior[name] for name in names])
        return share / share.sum()
