"""RKHS regression with a Gaussian kernel of marker distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import KernelOptions
from meristem.genetics.distance import gaussian, scaled_distance
from meristem.genetics.relationship import cross_gram, diagonal_gram, gram
from meristem.mixed.blup import (
    H2_GRID,
    KernelBLUP,
    fit_kernel_blup,
    inner_loss,
    restore_kernel_blup,
)
from meristem.mixed.targets import Target, random_inner, training_targets
from meristem.models.genomic_error import (
    KernelView,
    VarianceComponents,
    components_of,
    kernel_posterior,
)
from meristem.models.marker_model import (
    MarkerModel,
    restored_fields,
    training_fields,
)
from meristem.models.packing import prefixed, with_prefix
from meristem.prepare.scale import fit_scale
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


@dataclass(frozen=True)
class GaussianKernel:
    """exp(-h d2 / median d2) over squared marker distances d2.

    Bandwidth h and variance ratio are chosen per target: by REML, or both by the
    squared error on inner splits.

    References
    ----------
    de los Campos et al. 2010, Genet Res 92:295 (median scaling, choice of h).
    """

    options: KernelOptions = KernelOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedGaussianKernel:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        targets = training_targets(dataset.phenotypes)
        by_inner = self.options.variance == "inner"
        splits = inner or random_inner(dataset.n_sample, rng)
        splits = splits if by_inner else ()
        dosage = dataset.genotypes.call_dosage
        scale = fit_scale(dosage)
        distance, median = scaled_distance(gram(dosage, scale.mean))
        score = np.stack(
            [
                _scores(gaussian(distance, h), targets, splits)
                for h in self.options.bandwidths
            ]
        )
        chosen = np.argmax(score, axis=0)  # (n_target,)
        parts = []
        for number in np.unique(chosen):
            members = [targets[t] for t in np.flatnonzero(chosen == number)]
            width = self.options.bandwidths[number]
            kernel = gaussian(distance, width)
            parts.append(
                KernelPart(
                    np.flatnonzero(chosen == number),
                    float(width),
                    fit_kernel_blup(kernel, members, inner=splits),
                )
            )
        return FittedGaussianKernel(
            *training_fields("rkhs", dataset, scale), dosage, median, tuple(parts)
        )


def _scores(
    kernel: FloatArray, targets: tuple[Target, ...], inner: Splits
) -> FloatArray:  # (n_target,) larger is better
    if not inner:
        return fit_kernel_blup(kernel, targets).log_likelihood
    loss = [inner_loss(kernel, target, inner, H2_GRID).min() for target in targets]
    return -np.array(loss)


@dataclass(frozen=True)
class KernelPart:
    """The targets that share a bandwidth."""

    column: IntArray  # (n_part_target,)
    bandwidth: float
    solved: KernelBLUP


@dataclass(frozen=True)
class FittedGaussianKernel(MarkerModel):
    """A fitted RKHS regression."""

    train_dosage: NDArray[np.int8]  # (n_train, n_variant)
    median: float  # of the squared distances between training rows
    parts: tuple[KernelPart, ...]

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is the root of the PEV at the REML h2."""
        dosage = self.dosage(genotypes)
        value = np.empty((dosage.shape[0], self.trait_name.size))
        variance = np.empty_like(value)
        distance = self._distance(dosage, self.train_dosage)
        for part in self.parts:
            kernel = gaussian(distance, part.bandwidth)
            value[:, part.column] = part.solved.predict(kernel)
            variance[:, part.column] = part.solved.error_variance(
                kernel, np.ones(dosage.shape[0])
            )
        return self.predictions(genotypes, value, np.sqrt(variance))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        dosage = self.dosage(genotypes)
        distance = self._distance(dosage, self.train_dosage)
        parts = []
        for part in self.parts:

            def among(rows: IntArray, width: float = part.bandwidth) -> FloatArray:
                kernel = gaussian(self._distance(dosage, dosage[rows]), width)
                kernel[rows, np.arange(rows.size)] = 1.0
                return kernel

            kernel = gaussian(distance, part.bandwidth)
            view = KernelView(kernel, np.ones(dosage.shape[0]), among)
            parts.append((part.column, part.solved, view))
        return kernel_posterior(self.predict(genotypes), parts)

    def variance_components(self) -> VarianceComponents:
        """Return the components of every target, at its bandwidth."""
        kernels = [(part.column, part.solved) for part in self.parts]
        return components_of(kernels, self.trait_name.size)

    def _distance(
        self,
        one: NDArray[np.int8],  # (n_one, n_variant)
        two: NDArray[np.int8],  # (n_two, n_variant)
    ) -> FloatArray:  # (n_one, n_two) squared, over the median of the training rows
        mean, weight = self.scale.mean, self.scale.weight
        cross = cross_gram(one, two, mean, weight)
        column = diagonal_gram(two, mean, weight)
        row = diagonal_gram(one, mean, weight)
        distance = (row[:, None] + column - 2 * cross) / self.median
        return np.maximum(distance, 0, out=distance)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {**self.marker_arrays(), "train_dosage": self.train_dosage}
        for number, part in enumerate(self.parts):
            arrays[f"part{number}_column"] = part.column
            arrays |= with_prefix(part.solved.arrays(), f"part{number}_")
        bandwidths = [part.bandwidth for part in self.parts]
        return FittedState(
            "rkhs", arrays, {"median": self.median, "bandwidths": bandwidths}
        )


def restore_gaussian_kernel(state: FittedState) -> FittedGaussianKernel:
    """Return the fitted model of a state."""
    bandwidths = state.meta["bandwidths"]
    parts = []
    for number, width in enumerate(bandwidths):  # type: ignore[arg-type,var-annotated]
        own = prefixed(state.arrays, f"part{number}_")
        parts.append(KernelPart(own["column"], width, restore_kernel_blup(own)))
    return FittedGaussianKernel(
        *restored_fields(state),
        state.arrays["train_dosage"],
        float(str(state.meta["median"])),
        tuple(parts),
    )
