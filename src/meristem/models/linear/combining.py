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
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import FittedLinear, marker_effects, restore_linear
from meristem.prepare.match import align_variants
from meristem.prepare.scale import fit_scale
from meristem.records import (
    MISSING,
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Predictions,
    Split,
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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
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
        model = KernelREML(tuple(used))
        dual, intercept = np.zeros((3, *shape)), np.zeros(len(targets))
        variance = []
        for target in targets:
            fit = model.fit(target)
            for number, share in enumerate(fit.genetic):
                dual[number, target.rows, target.column] = share * fit.dual
            intercept[target.column] = fit.intercept
            variance.append([*fit.genetic.tolist(), fit.residual])
        names = dataset.phenotypes.trait_name, dataset.phenotypes.environment_name
        sides = [
            FittedLinear(
                "combining",
                dataset.genotypes.variants,
                *names,
                scales[number],
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
            product_dual=factors[0] * factors[1] * product_factor * dual[2],
        )


@dataclass(frozen=True)
class FittedCombining:
    """Effects of both parents' gametes, and weights of the training crosses."""

    sides: tuple[FittedLinear, FittedLinear]
    kinds: tuple[NDArray[np.int8], NDArray[np.int8]]  # each (n_kind, n_variant)
    pair: IntArray  # (2, n_train) kinds of gametes of the training crosses
    product_dual: FloatArray  # (n_train, n_target) on the product of centred kernels

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; no spread is known."""
        aligned = align_variants(genotypes, self.sides[0].variants)
        found, crosses = [], []
        for number, calls in enumerate(gametes(aligned)):
            side, kinds = self.sides[number], self.kinds[number]
            plain = Genotypes(aligned.sample_id, side.variants, calls, aligned.ploidy)
            found.append(side.predict(plain))
            both = np.concatenate([calls, kinds])
            kernel = gram(both, side.scale.mean, side.scale.weight)
            cross = kernel[: calls.shape[0], calls.shape[0] :]
            crosses.append(cross[:, self.pair[number]])
        value = found[0].value + found[1].value
        value += (crosses[0] * crosses[1]) @ self.product_dual
        return Predictions(
            genotypes.sample_id,
            found[0].trait_name,
            found[0].environment_name,
            value,
            np.full(value.shape, np.nan),
        )

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays: dict[str, NDArray] = {
            "pair": self.pair,
            "product_dual": self.product_dual,
        }
        for number, side in enumerate(self.sides):
            arrays[f"kinds{number}"] = self.kinds[number]
            for key, array in side.state().arrays.items():
                arrays[f"side{number}.{key}"] = array
        return FittedState("combining", arrays, {"tuning": self.sides[0].tuning})


def restore_combining(state: FittedState) -> FittedCombining:
    """Return the fitted model of a state."""

    def side(number: int) -> FittedLinear:
        prefix = f"side{number}."
        own = {
            key.removeprefix(prefix): array
            for key, array in state.arrays.items()
            if key.startswith(prefix)
        }
        meta = state.meta if number == 0 else {}
        return restore_linear(FittedState("combining", own, meta))

    return FittedCombining(
        sides=(side(0), side(1)),
        kinds=(state.arrays["kinds0"], state.arrays["kinds1"]),
        pair=state.arrays["pair"],
        product_dual=state.arrays["product_dual"],
    )
