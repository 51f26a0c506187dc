"""The share of one part in a prediction, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray


@dataclass(frozen=True)
class Share:
    """Share of one part in the predictions of a model, with its 95 % interval."""

    part: str
    value: FloatArray  # (n_target,) in [0, 1]
    low: FloatArray  # (n_target,)
    high: FloatArray  # (n_target,)

    def rest(self) -> Share:
        """Return what this share leaves to others."""
        return Share("", 1 - self.value, 1 - self.high, 1 - self.low)

    def within(self, whole: Share) -> Share:
        """Return the share of a part of a whole that has itself a share.

        The errors of both add up as those of a product of independent factors, each
        side of the interval by itself.

        Examples
        --------
        >>> one = Share("scan", np.array([0.4]), np.array([0.3]), np.array([0.5]))
        >>> half = Share("", np.array([0.5]), np.array([0.1]), np.array([0.9]))
        >>> found = one.within(half)
        >>> [float(one[0].round(2)) for one in (found.low, found.value, found.high)]
        [0.03, 0.2, 0.37]
        """
        value = self.value * whole.value
        down, up = (
            np.hypot(
                whole.value * (getattr(self, end) - self.value),
                self.value * (getattr(whole, end) - whole.value),
            )
            for end in ("low", "high")
        )
        return Share(
            self.part, value, np.clip(value - down, 0, 1), np.clip(value + up, 0, 1)
        )
