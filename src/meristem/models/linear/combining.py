"""GBLUP of hybrids: general combining ability of both pools, and the specific one.

What came from the first and from the second parents has effects of its own, so that
an allele may be worth more in one pool than in the other; the product of both kernels
stands for what a cross is worth beyond its parents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import CombiningOptions
from meristem.genetics.relationship import cross_gram, diagonal_gram, gram
from meristem.mixed.blup import KernelBLUP, restore_kernel_blup
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import FittedLinear, restore_linear
from meristem.models.genomic_error import (
    KernelView,
    kernel_posterior,
    proportional_fit,
)
from meristem.models.marker_model import training_fields
from meristem.models.packing import prefixed, with_prefix
from meristem.models.panel import marker_effects
from meristem.prepare.match import align_variants
from meristem.prepare.scale import fit_scale
from meristem.records import (
    MISSING,
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
    Splits,
)


def gametes(
    genotypes: Genotypes,
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:  # each (n_sample, n_variant)
    """Return the copies from the first parents and from the second.

    Lines that are no known crosses count as first gametes alone.
    """
    calls, first = genotypes.call_dosage, genotypes.first_gamete
    if first is None:
        return calls, np.zeros_like(calls)
    second = calls - first
    second[(calls < 0) | (first < 0)] = MISSING
    return first, second


@dataclass(frozen=True)
class CombiningBLUP:
    """REML over kernels of first parents, second parents, and their product.

    References
    ----------
    Bernardo 1994, Crop Sci 34:20; Technow et al. 2014, Genetics 197:1343 (general
    and specific combining ability of maize hybrids from markers of their parents).
    """

    options: CombiningOptions = CombiningOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedCombining:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Without any known cross this is plain GBLUP.
        """
        del rng, inner  # nothing is random, REML chooses
        seen = ~np.isnan(dataset.phenotypes.value).all(axis=1)
        dataset = dataset.take(np.flatnonzero(seen))
        targets = training_targets(dataset.phenotypes)
        shape = (dataset.n_sample, len(targets))
        calls = gametes(dataset.genotypes)
        scales = [fit_scale(side) for side in calls]
        kernels, factors = [], []
        for side, scale in zip(calls, scales, strict=True):
            kernel, factor = unit_diagonal(gram(side, scale.mean))
            kernels.append(kernel)
            factors.append(factor)
        product, product_factor = unit_diagonal(kernels[0] * kernels[1])
        used = [*kernels, product] if self.options.specific else kernels
        scaling = np.array([*factors, factors[0] * factors[1] * product_factor])
        model = KernelREML(tuple(used))
        dual, intercept = np.zeros((3, *shape)), np.zeros(len(targets))
        variance, totals = [], []
        for target in targets:
            fit = model.fit(target)
            for number, share in enumerate(fit.genetic):
                dual[number, target.rows, target.column] = share * fit.dual
            intercept[target.column] = fit.intercept
            variance.append([*fit.genetic.tolist(), fit.residual])
            weight, solved = proportional_fit(target, fit.genetic.tolist(), used)
            share = np.zeros(3)
            share[: weight.size] = weight * scaling[: weight.size]
            totals.append(TotalKernel(share, solved))
        sides = [
            FittedLinear(
                *training_fields("combining", dataset, scales[number]),
                marker_effects(
                    calls[number], scales[number], factors[number] * dual[number]
                ),
                intercept * (number == 0),
                {"variance": variance} if number == 0 else {},
            )
            for number in range(2)
        ]
        # few parents make many crosses: every kind of gamete is kept once
        first, second = (np.unique(side, axis=0, return_inverse=True) for side in calls)
        return FittedCombining(
            sides=(sides[0], sides[1]),
            kinds=(first[0], second[0]),
            pair=np.stack([np.ravel(first[1]), np.ravel(second[1])]),
            product_dual=scaling[2] * dual[2],
            totals=tuple(totals),
        )


@dataclass(frozen=True)
class TotalKernel:
    """The kernel of both parents and their product, for one target."""

    share: FloatArray  # (3,) of Z1 Z1', Z2 Z2' and their product
    solved: KernelBLUP

    def of(self, grams: list[FloatArray]) -> FloatArray:
        """Return the kernel of the products of both sides' gametes, any shape."""
        first, second = grams
        a, b, c = self.share
        return a * first + b * second + c * first * second


@dataclass(frozen=True)
class FittedCombining:
    """Effects of both parents' gametes, and weights of the training crosses."""

    sides: tuple[FittedLinear, FittedLinear]
    kinds: tuple[NDArray[np.int8], NDArray[np.int8]]  # each (n_kind, n_variant)
    pair: IntArray  # (2, n_train) kinds of gametes of the training crosses
    product_dual: FloatArray  # (n_train, n_target) on the product of centred kernels
    totals: tuple[TotalKernel, ...]  # one per target

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is that of `posterior` alone."""
        calls = self._gametes(genotypes)
        return self._predictions(genotypes, calls, self._cross(calls))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the crosses' values, specific ones included."""
        calls = self._gametes(genotypes)
        cross = self._cross(calls)
        scales = [side.scale for side in self.sides]
        diagonal = [
            diagonal_gram(side, scale.mean, scale.weight)
            for side, scale in zip(calls, scales, strict=True)
        ]

        def view(total: TotalKernel) -> KernelView:
            def among(rows: IntArray) -> FloatArray:
                return total.of(
                    [
                        cross_gram(side, side[rows], scale.mean, scale.weight)
                        for side, scale in zip(calls, scales, strict=True)
                    ]
                )

            return KernelView(total.of(cross), total.of(diagonal), among)

        parts = [
            (np.array([number]), total.solved, view(total))
            for number, total in enumerate(self.totals)
        ]
        return kernel_posterior(self._predictions(genotypes, calls, cross), parts)

    def _gametes(self, genotypes: Genotypes) -> list[NDArray[np.int8]]:
        return list(gametes(align_variants(genotypes, self.sides[0].variants)))

    def _cross(self, calls: list[NDArray[np.int8]]) -> list[FloatArray]:
        """Return the products of gametes of new and of training crosses."""
        crosses = []
        for number, side in enumerate(calls):
            scale, kinds = self.sides[number].scale, self.kinds[number]
            both = np.concatenate([side, kinds])
            kernel = gram(both, scale.mean, scale.weight)
            cross = kernel[: side.shape[0], side.shape[0] :]
            crosses.append(cross[:, self.pair[number]])
        return crosses

    def _predictions(
        self,
        genotypes: Genotypes,
        calls: list[NDArray[np.int8]],
        cross: list[FloatArray],
    ) -> Predictions:
        value = self.sides[0].value(calls[0]) + self.sides[1].value(calls[1])
        value += (cross[0] * cross[1]) @ self.product_dual
        return self.sides[0].predictions(genotypes, value)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays: dict[str, NDArray] = {
            "pair": self.pair,
            "product_dual": self.product_dual,
        }
        for number, side in enumerate(self.sides):
            arrays[f"kinds{number}"] = self.kinds[number]
            arrays |= with_prefix(side.state().arrays, f"side{number}.")
        for number, total in enumerate(self.totals):
            arrays[f"total{number}.share"] = total.share
            arrays |= with_prefix(total.solved.arrays(), f"total{number}.")
        return FittedState("combining", arrays, {"tuning": self.sides[0].tuning})


def restore_combining(state: FittedState) -> FittedCombining:
    """Return the fitted model of a state."""
    arrays = state.arrays
    first, second = (
        restore_linear(FittedState("combining", prefixed(arrays, name), meta))
        for name, meta in (("side0.", state.meta), ("side1.", {}))
    )
    totals = [
        prefixed(arrays, f"total{number}.") for number in range(first.intercept.size)
    ]
    return FittedCombining(
        sides=(first, second),
        kinds=(arrays["kinds0"], arrays["kinds1"]),
        pair=arrays["pair"],
        product_dual=arrays["product_dual"],
        totals=tuple(
            TotalKernel(total["share"], restore_kernel_blup(total)) for total in totals
        ),
    )
