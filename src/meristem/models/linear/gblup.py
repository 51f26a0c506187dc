"""Genomic BLUP: REML variance components, reliabilities, marker effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import GBLUPOptions
from meristem.genetics.relationship import cross_gram, diagonal_gram
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup, restore_kernel_blup
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.effects import predict_linear
from meristem.models.linear.identity import fit_with_identities, identity_kernels
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.models.panel import make_panel
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Predictions,
    Split,
    StrArray,
    VariantTable,
)


@dataclass(frozen=True)
class GBLUP:
    """Genomic BLUP of every target, with its own rows, weights and components.

    The kernel is VanRaden's matrix scaled to a mean diagonal of 1 over the training
    rows, so that h2 is the share of the phenotypic variance at mean weight.
    """

    options: GBLUPOptions = GBLUPOptions()

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedGBLUP:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If a target has hardly any value, or no variant segregates.
        """
        targets = training_targets(dataset.phenotypes)
        panel = make_panel(dataset.genotypes)
        kernel = panel.kernel
        if self.options.identity != "none":
            identities = identity_kernels(dataset, self.options.identity)
            solved = fit_with_identities(kernel, identities, targets)
        elif self.options.variance == "inner":
            splits = inner or random_inner(dataset.n_sample, rng)
            solved = fit_kernel_blup(kernel, targets, inner=splits)
        else:
            solved = fit_kernel_blup(kernel, targets)
        return FittedGBLUP(
            variants=dataset.genotypes.variants,
            trait_name=dataset.phenotypes.trait_name,
            environment_name=dataset.phenotypes.environment_name,
            train_dosage=panel.dosage,
            scale=panel.scale,
            factor=panel.factor,
            solved=solved,
            marker_effect=panel.effects(solved.dual),
        )


@dataclass(frozen=True)
class FittedGBLUP:
    """A fitted GBLUP."""

    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    train_dosage: NDArray[np.int8]  # (n_train, n_variant) for the error variance
    scale: MarkerScale
    factor: float  # of the kernel, mean diagonal 1
    solved: KernelBLUP
    marker_effect: FloatArray  # (n_variant, n_target) per allele copy

    @property
    def h2(self) -> FloatArray:
        """Share of the marker kernel in the phenotypic variance, (n_target,)."""
        return self.solved.h2

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is the root of the PEV."""
        aligned = align_variants(genotypes, self.variants)
        value = predict_linear(
            aligned.call_dosage, self.scale, self.marker_effect, self.solved.intercept
        )
        variance, _ = self._error_variance(aligned)
        return Predictions(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            value,
            np.sqrt(variance),
        )

    def reliability(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return 1 - PEV / genetic variance of each sample, between 0 and 1."""
        variance, diagonal = self._error_variance(
            align_variants(genotypes, self.variants)
        )
        prior = self.solved.genetic * diagonal[:, None]
        share = np.divide(variance, prior, out=np.ones_like(prior), where=prior > 0)
        return np.clip(1 - share, 0, 1)

    def _error_variance(self, aligned: Genotypes) -> tuple[FloatArray, FloatArray]:
        dosage = aligned.call_dosage
        cross = cross_gram(
            dosage, self.train_dosage, self.scale.mean, self.scale.weight
        )
        cross *= self.factor
        diagonal = diagonal_gram(dosage, self.scale.mean, self.scale.weight)
        diagonal *= self.factor
        return self.solved.error_variance(cross, diagonal), diagonal

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **pack_variants(self.variants),
            **pack_targets(self.trait_name, self.environment_name),
            **pack_scale(self.scale),
            **self.solved.arrays(),
            "train_dosage": self.train_dosage,
            "marker_effect": self.marker_effect,
        }
        return FittedState("gblup", arrays, {"factor": self.factor})


def restore_gblup(state: FittedState) -> FittedGBLUP:
    """Return the fitted model of a state."""
    traits, environments = unpack_targets(state.arrays)
    return FittedGBLUP(
        unpack_variants(state.arrays),
        traits,
        environments,
        state.arrays["train_dosage"],
        unpack_scale(state.arrays),
        float(str(state.meta["factor"])),
        restore_kernel_blup(state.arrays),
        state.arrays["marker_effect"],
    )
