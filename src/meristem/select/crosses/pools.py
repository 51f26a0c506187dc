"""Hybrids between two pools: general and specific combining ability of parents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray


@dataclass(frozen=True)
class CombiningAbilities:
    """A table of hybrids, taken apart.

    `value = mean + general_1 + general_2 + specific`, each part of sum 0.
    """

    mean: float
    general_1: FloatArray  # (n_parent_1,)
    general_2: FloatArray  # (n_parent_2,)
    specific: FloatArray  # (n_parent_1, n_parent_2)

    @property
    def specific_share(self) -> float:
        """Share of the variance among the hybrids that no parent passes on."""
        specific = float(np.mean(self.specific**2))
        general = float(np.mean(self.general_1**2) + np.mean(self.general_2**2))
        total = specific + general
        return specific / total if total > 0 else 0.0


def combining_abilities(
    value: FloatArray,  # (n_parent_1, n_parent_2) of every hybrid
) -> CombiningAbilities:
    """Return general and specific combining abilities of a full table of hybrids.

    References
    ----------
    Sprague & Tatum 1942, J Am Soc Agron 34:923.

    Examples
    --------
    >>> parts = combining_abilities(np.array([[1.0, 2.0], [3.0, 6.0]]))
    >>> parts.mean, parts.general_1, parts.specific[0]
    (3.0, array([-1.5,  1.5]), array([ 0.5, -0.5]))
    """
    mean = float(value.mean())
    general_1 = value.mean(axis=1) - mean
    general_2 = value.mean(axis=0) - mean
    specific = value - mean - general_1[:, None] - general_2
    return CombiningAbilities(mean, general_1, general_2, specific)
