"""Several kernels of the same markers in one REML: additive, products, Gaussian.

Lines have an additive kernel, its element-wise square (pairs of loci), and Gaussian
kernels of several widths. Crosses have additive kernels of the gametes of either
parent, their product, and Gaussian kernels of both gametes side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import KernelAverageOptions
from meristem.genetics.relationship import cross_gram, diagonal_gram, gram
from meristem.mixed.blup import KernelBLUP, restore_kernel_blup
from meristem.mixed.left_out import left_out_predictions
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import Target, training_targets
from meristem.models.genomic_error import (
    KernelView,
    VarianceComponents,
    components_of,
    kernel_posterior,
    proportional_fit,
)
from meristem.models.linear.combining import gametes
from meristem.models.linear.rkhs import scaled_distance
from meristem.models.marker_model import MarkerModel, restored_fields, training_fields
from meristem.models.packing import pack_scale, prefixed, unpack_scale, with_prefix
from meristem.models.panel import kernel_factor
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
    Splits,
)

LEAST_GAIN = 1e-3
"""Log likelihood that a round has to gain: less changes no prediction."""


@dataclass(frozen=True)
class KernelSpace:
    """Training markers, and what makes kernels of them comparable."""

    sides: tuple[NDArray[np.int8], ...]  # of lines one, of crosses two gametes
    scales: tuple[MarkerScale, ...]  # of every side
    factors: FloatArray  # (n_side,) that bring the mean diagonal of Z Z' to 1
    product: float  # the same for the element-wise product
    median: float  # of squared distances between training rows
    widths: tuple[float, ...]  # of the Gaussian kernels, over the median

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the kernels, in their order."""
        crossed = len(self.sides) == 2
        linear = ("parent 1", "parent 2") if crossed else ("additive",)
        product = "parent 1 x parent 2" if crossed else "additive x additive"
        return (*linear, product, *(f"Gaussian {h:g}" for h in self.widths))

    def of(
        self,
        grams: Sequence[FloatArray],  # of every side, each (n_one, n_two)
        one: Sequence[FloatArray],  # their squared lengths, each (n_one,)
        two: Sequence[FloatArray],  # each (n_two,)
    ) -> list[FloatArray]:  # each (n_one, n_two)
        """Return all kernels between rows, from the products of their markers."""
        linear = [f * product for f, product in zip(self.factors, grams, strict=True)]
        product = self.product * linear[0] * linear[-1]
        distance = np.add.outer(sum(one), sum(two)) - 2 * sum(grams)
        np.maximum(distance, 0, out=distance)
        distance /= -self.median
        return [*linear, product, *(np.exp(h * distance) for h in self.widths)]

    def diagonals(self, lengths: Sequence[FloatArray]) -> list[FloatArray]:
        """Return the diagonals of all kernels, from squared lengths of the rows."""
        linear = [f * own for f, own in zip(self.factors, lengths, strict=True)]
        product = self.product * linear[0] * linear[-1]
        return [*linear, product, *(np.ones_like(product) for _ in self.widths)]

    def cross(
        self,
        one: Sequence[NDArray[np.int8]],  # of every side, (n_one, n_variant)
        two: Sequence[NDArray[np.int8]],
    ) -> list[FloatArray]:  # each (n_one, n_two)
        """Return all kernels between rows of dosages."""
        parts = list(zip(one, two, self.scales, strict=True))
        return self.of(
            [cross_gram(a, b, s.mean, s.weight) for a, b, s in parts],
            [diagonal_gram(a, s.mean, s.weight) for a, _, s in parts],
            [diagonal_gram(b, s.mean, s.weight) for _, b, s in parts],
        )


def kernel_space(
    genotypes: Genotypes,
    options: KernelAverageOptions,
    product: FloatArray | None = None,  # (n, n) Z Z' of the dosages, where it is known
) -> tuple[KernelSpace, tuple[FloatArray, ...]]:
    """Return the space of training rows, and their kernels, each of mean diagonal 1.

    Raises
    ------
    DataError
        If no variant varies.
    """
    crossed = genotypes.first_gamete is not None
    sides = gametes(genotypes) if crossed else (genotypes.call_dosage,)
    scales = tuple(fit_scale(side) for side in sides)
    if product is None or crossed:
        grams = [gram(a, s.mean) for a, s in zip(sides, scales, strict=True)]
    else:
        grams = [product]
    factors = np.array([kernel_factor(one) for one in grams])
    lengths = [np.diag(one) for one in grams]
    median = scaled_distance(np.asarray(sum(grams)))[1]
    widths = options.hybrid_bandwidths if crossed else options.bandwidths
    space = KernelSpace(tuple(sides), scales, factors, 1.0, median, widths)
    kernels = space.of(grams, lengths, lengths)
    size = kernel_factor(kernels[len(sides)])
    kernels[len(sides)] *= size
    space = KernelSpace(tuple(sides), scales, factors, size, median, widths)
    return space, tuple(kernels)


@dataclass(frozen=True)
class KernelAverage:
    """REML over several kernels of the markers, the intercept the only fixed effect.

    References
    ----------
    Gilmour, Thompson & Cullis 1995, Biometrics 51:1440 (average information); de los
    Campos et al. 2010, Genet Res 92:295 (Gaussian kernels of several widths).
    """

    options: KernelAverageOptions = KernelAverageOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedKernelAverage:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        del rng, inner  # nothing is random, REML chooses
        space, kernels = kernel_space(dataset.genotypes, self.options)
        targets = training_targets(dataset.phenotypes)
        return fit_several(dataset, space, kernels, targets)


@dataclass(frozen=True)
class TargetKernel:
    """The kernels of one target at their estimated proportions."""

    variance: FloatArray  # (n_kernel,)
    residual: float
    weight: FloatArray  # (n_kernel,) factor of every kernel in their sum
    solved: KernelBLUP


@dataclass(frozen=True)
class FittedKernelAverage(MarkerModel):
    """A fitted model of several kernels."""

    space: KernelSpace
    parts: tuple[TargetKernel, ...]  # one per target

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is that of `posterior` alone."""
        return self._predict(genotypes, self._cross(self._sides(genotypes)))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        sides = self._sides(genotypes)
        cross = self._cross(sides)
        pairs = list(zip(sides, self.space.scales, strict=True))
        lengths = [diagonal_gram(a, s.mean, s.weight) for a, s in pairs]
        diagonal = self.space.diagonals(lengths)
        views = []
        for number, part in enumerate(self.parts):

            def among(rows: IntArray, part: TargetKernel = part) -> FloatArray:
                kernels = self.space.cross(sides, [side[rows] for side in sides])
                return _total(kernels, part.weight)

            view = KernelView(
                _total(cross, part.weight), _total(diagonal, part.weight), among
            )
            views.append((np.array([number]), part.solved, view))
        return kernel_posterior(self._predict(genotypes, cross), views)

    def variance_components(self) -> VarianceComponents:
        """Return the components of the sum of the kernels, for every target."""
        kernels = [(np.array([t]), part.solved) for t, part in enumerate(self.parts)]
        return components_of(kernels, len(self.parts))

    def _sides(self, genotypes: Genotypes) -> tuple[NDArray[np.int8], ...]:
        aligned = align_variants(genotypes, self.variants)
        crossed = len(self.space.sides) == 2
        return tuple(gametes(aligned)) if crossed else (aligned.call_dosage,)

    def _cross(self, sides: Sequence[NDArray[np.int8]]) -> list[FloatArray]:
        return self.space.cross(sides, self.space.sides)

    def _predict(self, genotypes: Genotypes, cross: list[FloatArray]) -> Predictions:
        values = [
            part.solved.predict(_total(cross, part.weight))[:, 0] for part in self.parts
        ]
        return self.predictions(genotypes, np.column_stack(values))

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        space = self.space
        arrays: dict[str, NDArray] = {**self.marker_arrays(), "factors": space.factors}
        for number, (side, scale) in enumerate(
            zip(space.sides, space.scales, strict=True)
        ):
            arrays[f"side{number}.dosage"] = side
            arrays |= with_prefix(pack_scale(scale), f"side{number}.")
        for number, part in enumerate(self.parts):
            arrays[f"part{number}.variance"] = part.variance
            arrays[f"part{number}.weight"] = part.weight
            arrays |= with_prefix(part.solved.arrays(), f"part{number}.solved.")
        return FittedState(
            "kernel_average",
            arrays,
            {
                "product": space.product,
                "median": space.median,
                "widths": list(space.widths),
                "residual": [part.residual for part in self.parts],
            },
        )


def fit_several(
    dataset: Dataset,
    space: KernelSpace,
    kernels: tuple[FloatArray, ...],  # each (n, n) over the rows of the dataset
    targets: Sequence[Target],
) -> FittedKernelAverage:
    """Fit every target by REML over kernels that are already there."""
    parts = [_fit_target(kernels, target)[0] for target in targets]
    fields = training_fields("kernel_average", dataset, space.scales[0])
    return FittedKernelAverage(*fields, space, tuple(parts))


def fit_several_left_out(
    dataset: Dataset,
    space: KernelSpace,
    kernels: tuple[FloatArray, ...],
    targets: Sequence[Target],
    inner: Splits,
) -> tuple[FittedKernelAverage, FloatArray]:
    """Return the fit, and what it says of rows of other inner folds.

    Returns
    -------
    tuple
        The fitted model, and (n_sample, n_target) predictions of rows left out, NaN
        where a row is in no test set.
    """
    parts = []
    held = np.full((dataset.n_sample, len(targets)), np.nan)
    for number, target in enumerate(targets):
        part, unseen = _fit_target(kernels, target, inner)
        parts.append(part)
        held[target.rows, number] = unseen
    fields = training_fields("kernel_average", dataset, space.scales[0])
    return FittedKernelAverage(*fields, space, tuple(parts)), held


def _fit_target(
    kernels: tuple[FloatArray, ...],
    target: Target,
    inner: Splits | None = None,
) -> tuple[TargetKernel, FloatArray]:
    model = KernelREML(kernels, LEAST_GAIN)
    fit = model.fit(target)
    weight, solved = proportional_fit(target, fit.genetic.tolist(), kernels)
    unseen = np.full(target.y.size, np.nan)
    if inner is not None:
        unseen = left_out_predictions(model.of(target), fit, target, inner)
    return TargetKernel(fit.genetic, fit.residual, weight, solved), unseen


def _total(kernels: Sequence[FloatArray], weight: FloatArray) -> FloatArray:
    """Return the weighted sum of kernels of any shape."""
    total = np.zeros_like(kernels[0])
    for factor, kernel in zip(weight.tolist(), kernels, strict=True):
        if factor > 0:
            total += factor * kernel
    return total


def restore_kernel_average(state: FittedState) -> FittedKernelAverage:
    """Return the fitted model of a state."""
    arrays, meta = state.arrays, state.meta
    sides: list[NDArray[np.int8]] = []
    scales = []
    while f"side{len(sides)}.dosage" in arrays:
        own = prefixed(arrays, f"side{len(sides)}.")
        sides.append(own["dosage"])
        scales.append(unpack_scale(own))
    residual: list[float] = list(meta["residual"])  # type: ignore[call-overload]
    parts = []
    for number, rest in enumerate(residual):
        own = prefixed(arrays, f"part{number}.")
        solved = restore_kernel_blup(prefixed(own, "solved."))
        parts.append(TargetKernel(own["variance"], rest, own["weight"], solved))
    space = KernelSpace(
        tuple(sides),
        tuple(scales),
        arrays["factors"],
        float(str(meta["product"])),
        float(str(meta["median"])),
        tuple(meta["widths"]),  # type: ignore[arg-type]
    )
    return FittedKernelAverage(*restored_fields(state), space, tuple(parts))
