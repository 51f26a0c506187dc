"""What a fitted model says, and what it is saved as."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.typing import NDArray

from meristem.records.arrays import FloatArray, StrArray


@dataclass(frozen=True)
class Predictions:
    """Predicted values from genotypes alone."""

    sample_id: StrArray  # (n_sample,)
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    value: FloatArray  # (n_sample, n_target)
    spread: FloatArray  # (n_sample, n_target) sd of ensemble or posterior; NaN if none


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
