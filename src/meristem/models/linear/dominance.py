"""GBLUP with additive and dominance kernels, for hybrids and other heterozygotes.

In hybrids between two pools the dominance kernel stands for specific combining
ability: what a cross is worth beyond its parents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.models import DominanceOptions
from meristem.genetics.combining import heterozygosity
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import FittedLinear, marker_effects, restore_linear
from meristem.models.panel import make_panel
from meristem.prepare.match import align_variants
from meristem.prepare.scale import fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    Predictions,
    Split,
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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
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
        names = dataset.phenotypes.trait_name, dataset.phenotypes.environment_name
        variants = dataset.genotypes.variants
        return FittedDominance(
            FittedLinear(
                "dominance",
                variants,
                *names,
                panel.scale,
                panel.effects(additive),
                intercept,
                {"variance": variance},
            ),
            FittedLinear(
                "dominance",
                variants,
                *names,
                scale,
                marker_effects(both, scale, factor * dominance),
                np.zeros(len(targets)),
            ),
        )


@dataclass(frozen=True)
class FittedDominance:
    """Additive effects of dosage and dominance effects of heterozygosity."""

    additive: FittedLinear
    dominance: FittedLinear

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; no spread is known."""
        # alleles are swapped where needed before heterozygosity hides them
        aligned = align_variants(genotypes, self.additive.variants)
        both = heterozygosity(aligned.call_dosage, aligned.ploidy)
        first = self.additive.predict(aligned)
        second = self.dominance.predict(replace(aligned, call_dosage=both))
        return replace(first, value=first.value + second.value)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        parts = {"additive": self.additive, "dominance": self.dominance}
        arrays = {
            f"{name}.{key}": array
            for name, part in parts.items()
            for key, array in part.state().arrays.items()
        }
        return FittedState("dominance", arrays, {"tuning": self.additive.tuning})


def restore_dominance(state: FittedState) -> FittedDominance:
    """Return the fitted model of a state."""

    def part(name: str) -> FittedLinear:
        prefix = f"{name}."
        arrays = {
            key.removeprefix(prefix): array
            for key, array in state.arrays.items()
            if key.startswith(prefix)
        }
        meta = state.meta if name == "additive" else {}
        return restore_linear(FittedState("dominance", arrays, meta))

    return FittedDominance(part("additive"), part("dominance"))
