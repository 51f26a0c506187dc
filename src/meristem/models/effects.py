"""Marker effects: from dual weights, to predictions, and as a fitted model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.relationship import dosage_blocks
from meristem.models.genomic_error import (
    GenomicError,
    error_arrays,
    posterior_of,
    restore_error,
)
from meristem.models.marker_model import MarkerModel, restored_fields
from meristem.models.panel import marker_effects
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    Posterior,
    Predictions,
)


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
class DualEffect:
    """Effects of a kernel model, computed when they are asked for."""

    train_dosage: NDArray[np.int8]  # (n_train, n_variant)
    scale: MarkerScale
    dual: FloatArray  # (n_train, n_target) on Z Z'

    @cached_property
    def value(self) -> FloatArray:  # (n_variant, n_target)
        """The effects."""
        return marker_effects(self.train_dosage, self.scale, self.dual)


@dataclass(frozen=True)
class FittedLinear(MarkerModel):
    """A fitted linear model of marker dosages."""

    effect: FloatArray | DualEffect  # (n_variant, n_target) per allele copy
    intercept: FloatArray  # (n_target,)
    tuning: dict[str, list] = field(default_factory=dict)  # per target, JSON-able
    error: GenomicError | None = None  # of the genetic values; None: not known

    @property
    def marker_effect(self) -> FloatArray:  # (n_variant, n_target)
        """Effects per allele copy."""
        known = self.effect
        return known.value if isinstance(known, DualEffect) else known

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is that of `posterior` alone."""
        return self.predictions(genotypes, self.value(self.dosage(genotypes)))

    def value(
        self, call_dosage: NDArray[np.int8]
    ) -> FloatArray:  # (n_sample, n_target)
        """Return the predictions of dosages of the training variants."""
        return predict_linear(
            call_dosage, self.scale, self.marker_effect, self.intercept
        )

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        own = self.error if isinstance(self.effect, DualEffect) else None
        view = None if own is None else own.shared_view(genotypes)
        if own is not None and view is not None:
            value = own.kernels[0].solved.predict(view.cross)
            return own.posterior_shared(self.predictions(genotypes, value), view)
        dosage = self.dosage(genotypes)
        predictions = self.predictions(genotypes, self.value(dosage))
        return posterior_of(self.error, predictions, dosage)

    def marginal(self, genotypes: Genotypes) -> Predictions:
        """Return mean and standard deviation of `posterior`, lines one by one."""
        if self.error is None or not isinstance(self.effect, DualEffect):
            return self.posterior(genotypes).predictions()
        value, variance = self.error.marginal(genotypes, lambda: self.dosage(genotypes))
        return self.predictions(genotypes, value, np.sqrt(variance))

    def effect_draws(
        self, target: int, n: int, rng: np.random.Generator
    ) -> FloatArray | None:  # (n, n_variant)
        """Return effects drawn from their posterior; None where it is not known."""
        if self.error is None:
            return None
        effect = self.marker_effect[:, target]
        return effect + self.error.effect_errors(effect, target, n, rng)

    def effect_sd(self, target: int) -> FloatArray | None:  # (n_variant,)
        """Return the standard errors of the effects; None where they are not known."""
        if self.error is None:
            return None
        return self.error.effect_sd(self.marker_effect[:, target], target)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **self.marker_arrays(),
            "marker_effect": self.marker_effect,
            "intercept": self.intercept,
            **error_arrays(self.error),
        }
        return FittedState(self.kind, arrays, {"tuning": self.tuning})


def restore_linear(state: FittedState) -> FittedLinear:
    """Return the fitted model of a state."""
    tuning = state.meta.get("tuning", {})
    return FittedLinear(
        *restored_fields(state),
        state.arrays["marker_effect"],
        state.arrays["intercept"],
        dict(tuning) if isinstance(tuning, dict) else {},
        restore_error(state.arrays),
    )
