"""Genomic BLUP: REML variance components, reliabilities, marker effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from meristem.config.models import GBLUPOptions
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.effects import DualEffect, FittedLinear, restore_linear
from meristem.models.genomic_error import (
    GenomicError,
    VarianceComponents,
    components_of,
    exact_error,
)
from meristem.models.linear.identity import fit_with_identities, identity_kernels
from meristem.models.marker_model import training_fields
from meristem.models.panel import make_panel
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Predictions,
    Splits,
)


@dataclass(frozen=True)
class GBLUP:
    """Genomic BLUP of every target, with its own rows, weights and components.

    The kernel is VanRaden's matrix scaled to a mean diagonal of 1 over the training
    rows, so that h2 is the share of the phenotypic variance at mean weight.
    """

    options: GBLUPOptions = GBLUPOptions()
    in_blocks: ClassVar[bool] = True  # it reads dosages block by block

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedGBLUP:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If a target has hardly any value, or no variant segregates.
        """
        targets = training_targets(
            dataset.phenotypes, correlated=self.options.reads_errors
        )
        panel = make_panel(dataset.genotypes)
        kernel = panel.kernel
        if self.options.identity != "none":
            identities = identity_kernels(dataset, self.options.identity)
            solved = fit_with_identities(kernel, identities, targets)
        elif self.options.variance == "inner":
            splits = inner or random_inner(dataset.n_sample, rng)
            solved = fit_kernel_blup(kernel, targets, inner=splits)
        else:
            solved = fit_kernel_blup(kernel, targets, spent=True)
        return FittedGBLUP(
            *training_fields("gblup", dataset, panel.scale),
            DualEffect(panel.dosage, panel.scale, panel.factor * solved.dual),
            solved.intercept,
            error=exact_error(panel, solved),
        )


@dataclass(frozen=True)
class FittedGBLUP(FittedLinear):
    """A fitted GBLUP."""

    @property
    def solved(self) -> KernelBLUP:
        """The fit on the kernel of mean diagonal 1."""
        return self._error.kernels[0].solved

    @property
    def factor(self) -> float:
        """Factor of the kernel: K = factor Z Z' has a mean diagonal of 1."""
        return float(self._error.kernels[0].root.max() ** 2)

    @property
    def h2(self) -> FloatArray:
        """Share of the marker kernel in the phenotypic variance, (n_target,)."""
        return self.solved.h2

    @property
    def _error(self) -> GenomicError:
        return cast(GenomicError, self.error)

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is the root of the PEV at the REML h2."""
        dosage = self.dosage(genotypes)
        variance = np.sqrt(self._error.plug_in(dosage)[0])
        return self.predictions(genotypes, self.value(dosage), variance)

    def reliability(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return 1 - PEV / genetic variance at the REML h2, between 0 and 1."""
        variance, diagonal = self._error.plug_in(self.dosage(genotypes))
        prior = self.solved.genetic * diagonal[:, None]
        share = np.divide(variance, prior, out=np.ones_like(prior), where=prior > 0)
        return np.clip(1 - share, 0, 1)

    def variance_components(self) -> VarianceComponents:
        """Return the REML components of every target."""
        kernels = [(kernel.column, kernel.solved) for kernel in self._error.kernels]
        return components_of(kernels, self.trait_name.size)


def restore_gblup(state: FittedState) -> FittedGBLUP:
    """Return the fitted model of a state."""
    return FittedGBLUP(**vars(restore_linear(state)))
