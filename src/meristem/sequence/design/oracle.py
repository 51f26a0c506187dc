"""The oracle of a search: several models, and a gain on which they agree.

The largest of many predictions is too large (the winner's curse). Models fitted on
random halves of the oracle's sequences differ by as much as the oracle is uncertain;
the search raises their mean gain less `caution` standard deviations.

References
----------
Politis & Romano 1994, Ann Stat 22:2031 (subsampling); Srinivas et al. 2010, ICML
(confidence bounds as objectives, here the lower one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray
from meristem.sequence.design.constraints import Codes
from meristem.sequence.inputs.onehot import OneHot, one_hot
from meristem.sequence.models.protocol import SequenceModel

Score = Callable[[OneHot], FloatArray]
"""One-hot sequences to what is to be made large, (n,)."""


@dataclass(frozen=True)
class Oracle:
    """Models of one kind, the direction of every task, and caution."""

    models: tuple[SequenceModel, ...]
    weights: FloatArray  # (n_task,)
    caution: float = 0.0

    def members(self, onehot: OneHot) -> FloatArray:  # (n_member, n)
        """Return what every model makes of sequences, in the direction asked for."""
        first = self.models[0]
        features = getattr(first, "features", None)
        if features is None:
            return np.stack([m.predict(onehot) @ self.weights for m in self.models])
        shared = features(onehot)  # the same for all: counted once
        found = [m.of_features(shared) for m in self.models]  # type: ignore[attr-defined]
        return np.stack([value @ self.weights for value in found])

    def gains(self, start: Codes) -> Score:
        """Return the cautious gain over a start, as a function of sequences."""
        base = self.members(one_hot(start[None]))

        def score(onehot: OneHot) -> FloatArray:
            gain = self.members(onehot) - base
            spread = gain.std(axis=0, ddof=1) if len(gain) > 1 else 0.0
            return np.asarray(gain.mean(axis=0) - self.caution * spread)

        return score
