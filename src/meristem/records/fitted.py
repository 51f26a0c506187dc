"""What a fitted model says, and what it is saved as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.records.arrays import FloatArray, StrArray


class HasTargets(Protocol):
    """What has targets: traits, each in an environment."""

    @property
    def trait_name(self) -> StrArray:  # (n_target,)
        """Trait of every target."""
        ...

    @property
    def environment_name(self) -> StrArray:  # (n_target,)
        """Environment of every target; empty: all together."""
        ...


@dataclass(frozen=True)
class Predictions:
    """Predicted values from genotypes alone."""

    sample_id: StrArray  # (n_sample,)
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    value: FloatArray  # (n_sample, n_target)
    spread: FloatArray  # (n_sample, n_target) sd of ensemble or posterior; NaN if none

    @classmethod
    def of(
        cls,
        model: HasTargets,
        sample_id: StrArray,  # (n_sample,)
        value: FloatArray,  # (n_sample, n_target)
        spread: FloatArray | None = None,  # (n_sample, n_target)
    ) -> Predictions:
        """Return what a model predicts of its targets; no spread if none is given."""
        none = np.full(value.shape, np.nan) if spread is None else spread
        return cls(sample_id, model.trait_name, model.environment_name, value, none)


@dataclass(frozen=True)
class Latents:
    """Value of every named node of a fitted network for a set of samples."""

    sample_id: StrArray  # (n_sample,)
    node_name: StrArray  # (n_node,)
    value: FloatArray  # (n_sample, n_node) mean over the ensemble, sign-aligned


@dataclass(frozen=True)
class FittedState:
    """A fitted model as arrays and plain values, ready to be written to disk."""

    kind: str  # key in the catalogue
    arrays: dict[str, NDArray] = field(default_factory=dict)
    meta: dict[str, object] = field(default_factory=dict)  # JSON-able
