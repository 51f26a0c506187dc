"""Marker effects: from dual weights, to predictions, and as a fitted model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.relationship import dosage_blocks
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    Predictions,
    StrArray,
    VariantTable,
)


def kernel_factor(
    kernel: FloatArray,  # (n_train, n_train)
) -> float:
    """Return the factor that brings the mean diagonal of a kernel to 1.

    Raises
    ------
    DataError
        If no variant varies among the training rows.
    """
    trace = float(np.trace(kernel))
    if trace <= 0:
        raise DataError(
            "no variant varies among the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return kernel.shape[0] / trace


def marker_effects(
    train_dosage: NDArray[np.int8],  # (n_train, n_variant)
    scale: MarkerScale,
    dual: FloatArray,  # (n_train, n_target)
) -> FloatArray:  # (n_variant, n_target)
    """Return Z' dual: the effect of one allele copy in a kernel model on Z Z'."""
    effect = np.empty((train_dosage.shape[1], dual.shape[1]))
    start = 0
    for calls in dosage_blocks(train_dosage):
        columns = slice(start, start + calls.shape[1])
        effect[columns] = scale.take(columns).centre(calls, np.float64).T @ dual
        start = columns.stop
    return effect


def predict_linear(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    scale: MarkerScale,
    effect: FloatArray,  # (n_variant, n_target) per allele copy
    intercept: FloatArray,  # (n_target,) at the training means
) -> FloatArray:  # (n_sample, n_target)
    """Return intercept + (dosage - training mean) effect, block by block."""
    value = np.tile(intercept, (call_dosage.shape[0], 1))
    start = 0
    for calls in dosage_blocks(call_dosage):
        columns = slice(start, start + calls.shape[1])
        centred = scale.take(columns).centre(calls, np.float64)
        value += centred @ effect[columns]
        start = columns.stop
    return value


@dataclass(frozen=True)
class FittedLinear:
    """A fitted linear model of marker dosages."""

    kind: str
    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    scale: MarkerScale
    marker_effect: FloatArray  # (n_variant, n_target) per allele copy
    intercept: FloatArray  # (n_target,)
    tuning: dict[str, list] = field(default_factory=dict)  # per target, JSON-able

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; no spread is known."""
        aligned = align_variants(genotypes, self.variants)
        value = predict_linear(
            aligned.call_dosage, self.scale, self.marker_effect, self.intercept
        )
        return Predictions(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            value,
            np.full(value.shape, np.nan),
        )

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **pack_variants(self.variants),
            **pack_targets(self.trait_name, self.environment_name),
            **pack_scale(self.scale),
            "marker_effect": self.marker_effect,
            "intercept": self.intercept,
        }
        return FittedState(self.kind, arrays, {"tuning": self.tuning})


def restore_linear(state: FittedState) -> FittedLinear:
    """Return the fitted model of a state."""
    traits, environments = unpack_targets(state.arrays)
    tuning = state.meta.get("tuning", {})
    return FittedLinear(
        kind=state.kind,
        variants=unpack_variants(state.arrays),
        trait_name=traits,
        environment_name=environments,
        scale=unpack_scale(state.arrays),
        marker_effect=state.arrays["marker_effect"],
        intercept=state.arrays["intercept"],
        tuning=dict(tuning) if isinstance(tuning, dict) else {},
    )
