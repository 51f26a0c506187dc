"""GBLUP with additive and dominance kernels, for hybrids and other heterozygotes.

In hybrids between two pools the dominance kernel stands for specific combining
ability: what a cross is worth beyond its parents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import DominanceOptions
from meristem.genetics.frequency import heterozygosity
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import FittedLinear, restore_linear
from meristem.models.genomic_error import (
    GenomicError,
    error_arrays,
    posterior_of,
    proportional_fit,
    restore_error,
    weighted_error,
)
from meristem.models.marker_model import training_fields
from meristem.models.packing import prefixed, with_prefix
from meristem.models.panel import make_panel, marker_effects
from meristem.prepare.match import align_variants
from meristem.prepare.scale import fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    Posterior,
    Predictions,
    Splits,
)


@dataclass(frozen=True)
class DominanceBLUP:
    """REML over an additive and a dominance kernel.

    References
    ----------
    Su et al. 2012, PLoS ONE 7:e45293 (heterozygosity as the dominance covariate).
    """

    options: DominanceOptions = DominanceOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedDominance:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Lines without any heterozygote make this plain GBLUP.
        """
        del rng, inner  # nothing is random, REML chooses
        targets = training_targets(dataset.phenotypes)
        panel = make_panel(dataset.genotypes)
        both = heterozygosity(panel.dosage, dataset.genotypes.ploidy)
        scale = fit_scale(both)
        kernel, factor = unit_diagonal(gram(both, scale.mean))
        model = KernelREML((panel.kernel, kernel))
        shape = (dataset.n_sample, len(targets))
        additive, dominance = np.zeros(shape), np.zeros(shape)
        intercept = np.zeros(len(targets))
        variance = []
        for target in targets:
            fit = model.fit(target)
            column = target.column
            additive[target.rows, column] = fit.genetic[0] * fit.dual
            dominance[target.rows, column] = fit.genetic[1] * fit.dual
            intercept[column] = fit.intercept
            variance.append([*fit.genetic.tolist(), fit.residual])
        fits = []
        for target, (*shares, _) in zip(targets, variance, strict=True):
            weight, solved = proportional_fit(target, shares, (panel.kernel, kernel))
            first = panel.scale.weight * np.sqrt(weight[0] * panel.factor)
            second = scale.weight * np.sqrt(weight[1] * factor)
            fits.append((np.concatenate([first, second]), solved))
        return FittedDominance(
            FittedLinear(
                *training_fields("dominance", dataset, panel.scale),
                panel.effects(additive),
                intercept,
                {"variance": variance},
            ),
            FittedLinear(
                *training_fields("dominance", dataset, scale),
                marker_effects(both, scale, factor * dominance),
                np.zeros(len(targets)),
            ),
            weighted_error(
                np.hstack([panel.dosage, both]),
                np.concatenate([panel.scale.mean, scale.mean]),
                fits,
            ),
        )


@dataclass(frozen=True)
class FittedDominance:
    """Additive effects of dosage and dominance effects of heterozygosity."""

    additive: FittedLinear
    dominance: FittedLinear
    error: GenomicError | None = None  # over dosages and heterozygosities

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is that of `posterior` alone."""
        return self._predict(genotypes)[0]

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values, dominance included."""
        return posterior_of(self.error, *self._predict(genotypes))

    def _predict(
        self, genotypes: Genotypes
    ) -> tuple[Predictions, NDArray[np.int8]]:  # and (n_sample, 2 n_variant)
        # alleles are swapped where needed before heterozygosity hides them
        aligned = align_variants(genotypes, self.additive.variants)
        both = heterozygosity(aligned.call_dosage, aligned.ploidy)
        value = self.additive.value(aligned.call_dosage) + self.dominance.value(both)
        calls = np.hstack([aligned.call_dosage, both])
        return self.additive.predictions(genotypes, value), calls

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **with_prefix(self.additive.state().arrays, "additive."),
            **with_prefix(self.dominance.state().arrays, "dominance."),
            **error_arrays(self.error),
        }
        return FittedState("dominance", arrays, {"tuning": self.additive.tuning})


def restore_dominance(state: FittedState) -> FittedDominance:
    """Return the fitted model of a state."""
    first, second = (
        restore_linear(FittedState("dominance", prefixed(state.arrays, name), meta))
        for name, meta in (("additive.", state.meta), ("dominance.", {}))
    )
    return FittedDominance(first, second, restore_error(state.arrays))
