"""RKHS regression with a Gaussian kernel of marker distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import KernelOptions
from meristem.errors import DataError
from meristem.genetics.relationship import cross_gram, diagonal_gram, gram
from meristem.mixed.blup import (
    H2_GRID,
    KernelBLUP,
    fit_kernel_blup,
    inner_loss,
    restore_kernel_blup,
)
from meristem.mixed.targets import Target, random_inner, training_targets
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Predictions,
    Split,
    StrArray,
    VariantTable,
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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
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
            dataset.genotypes.variants,
            dataset.phenotypes.trait_name,
            dataset.phenotypes.environment_name,
            dosage,
            scale,
            median,
            tuple(parts),
        )


def scaled_distance(
    product: FloatArray,  # (n, n) Z Z'
) -> tuple[FloatArray, float]:  # (n, n), median
    """Return squared distances over their median, and the median itself.

    Raises
    ------
    DataError
        If all rows are alike.
    """
    diagonal = np.diag(product)
    distance = diagonal + diagonal[:, None] - 2 * product
    np.maximum(distance, 0, out=distance)
    np.fill_diagonal(distance, 0.0)
    median = float(np.median(distance[np.triu_indices_from(distance, 1)]))
    if median <= 0:
        median = float(distance.mean())
    if median <= 0:
        raise DataError(
            "no variant varies among the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return distance / median, median


def gaussian(distance: FloatArray, bandwidth: float) -> FloatArray:
    """Return exp(-bandwidth * distance)."""
    return np.exp(-bandwidth * distance)


def _scores(
    kernel: FloatArray, targets: tuple[Target, ...], inner: tuple[Split, ...]
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
class FittedGaussianKernel:
    """A fitted RKHS regression."""

    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    train_dosage: NDArray[np.int8]  # (n_train, n_variant)
    scale: MarkerScale
    median: float  # of the squared distances between training rows
    parts: tuple[KernelPart, ...]

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is the root of the PEV."""
        dosage = align_variants(genotypes, self.variants).call_dosage
        mean, weight = self.scale.mean, self.scale.weight
        cross = cross_gram(dosage, self.train_dosage, mean, weight)
        train_square = diagonal_gram(self.train_dosage, mean, weight)
        square = diagonal_gram(dosage, mean, weight)
        distance = (square[:, None] + train_square - 2 * cross) / self.median
        np.maximum(distance, 0, out=distance)
        value = np.empty((dosage.shape[0], self.trait_name.size))
        variance = np.empty_like(value)
        for part in self.parts:
            kernel = gaussian(distance, part.bandwidth)
            value[:, part.column] = part.solved.predict(kernel)
            variance[:, part.column] = part.solved.error_variance(
                kernel, np.ones(dosage.shape[0])
            )
        return Predictions(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            value,
            np.sqrt(variance),
        )

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **pack_variants(self.variants),
            **pack_scale(self.scale),
            **pack_targets(self.trait_name, self.environment_name),
            "train_dosage": self.train_dosage,
        }
        for number, part in enumerate(self.parts):
            arrays[f"part{number}_column"] = part.column
            for name, array in part.solved.arrays().items():
                arrays[f"part{number}_{name}"] = array
        bandwidths = [part.bandwidth for part in self.parts]
        return FittedState(
            "rkhs", arrays, {"median": self.median, "bandwidths": bandwidths}
        )


def restore_gaussian_kernel(state: FittedState) -> FittedGaussianKernel:
    """Return the fitted model of a state."""
    bandwidths = state.meta["bandwidths"]
    traits, environments = unpack_targets(state.arrays)
    parts = []
    for number, width in enumerate(bandwidths):  # type: ignore[arg-type,var-annotated]
        prefix = f"part{number}_"
        own = {
            name.removeprefix(prefix): array
            for name, array in state.arrays.items()
            if name.startswith(prefix)
        }
        parts.append(KernelPart(own["column"], width, restore_kernel_blup(own)))
    return FittedGaussianKernel(
        unpack_variants(state.arrays),
        traits,
        environments,
        state.arrays["train_dosage"],
        unpack_scale(state.arrays),
        float(str(state.meta["median"])),
        tuple(parts),
    )
