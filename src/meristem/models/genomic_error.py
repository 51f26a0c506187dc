"""Error of predicted genetic values, jointly over lines: exact for kernel models.

A model whose equations give no error of its own (trees, networks, an elastic net), or
one that knows nothing of choices made by the same phenotypes (sets, scans), borrows
the error of the BLUP of the same markers: lines far from the training rows err more,
relatives err together. Seen from another centre m than the BLUP's own m_B, what the
BLUP leaves open has the second moment

    E (g - m)(g - m)' = V + (m - m_B)(m - m_B)'

so that a line on which the two disagree is less certain. How much of that distance is
error, and how wide the rest, held-out rows say (`mixed.held_out.held_out_error`): the
model may be the better one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from meristem.genetics.products import TrainingProducts
from meristem.genetics.relationship import cross_gram, diagonal_gram
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup, restore_kernel_blup
from meristem.mixed.held_out import held_out_error
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.targets import Target
from meristem.models.packing import prefixed, with_prefix
from meristem.models.panel import MarkerPanel
from meristem.records import (
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
    Splits,
)
from meristem.records.posterior import without_error

LANDMARKS = 1000
"""Up to this many lines the joint error is exact; beyond, it is of this rank, and
what that leaves of a line's variance is the line's own."""


@dataclass(frozen=True)
class KernelView:
    """A kernel between new lines and training rows, and among new lines."""

    cross: FloatArray  # (n_new, n_train)
    diagonal: FloatArray  # (n_new,)
    among: Callable[[IntArray], FloatArray]  # rows -> (n_new, n_rows)


def kernel_posterior(
    predictions: Predictions,
    parts: Sequence[tuple[IntArray, KernelBLUP, KernelView]],
    width: FloatArray | None = None,  # (n_target,)
) -> Posterior:
    """Return the joint posterior of predictions by BLUP.

    Parameters
    ----------
    predictions
        Their values are the means.
    parts
        Targets that share a kernel: their columns, the fit, the kernel.
    width
        Factor on the error variance of every target; default 1.
    """
    n, n_target = predictions.value.shape
    landmark = np.unique(np.linspace(0, n - 1, min(n, LANDMARKS)).astype(np.int64))
    factor = np.zeros((n_target, n, landmark.size))
    independent, prior = np.zeros((n, n_target)), np.empty((n, n_target))
    noise = np.empty(n_target)
    for columns, solved, view in parts:
        among = view.among(landmark)
        noise[columns] = solved.noise
        for group in solved.groups:
            terms = group.error
            rotated = group.vectors.T @ view.cross[:, group.rows].T  # (n_rows, n)
            for number, position in enumerate(group.column):
                column = columns[position]
                prior[:, column] = terms.genetic[number] * view.diagonal
                scaled = terms.inverse[number][:, None] * rotated
                level = terms.constant[number] + rotated.T @ terms.slope[number]
                joint = terms.genetic[number] * among - rotated.T @ scaled[:, landmark]
                joint += level @ level[landmark].T
                factor[column] = _factor(joint, landmark)
                total = prior[:, column] + np.einsum("ij,ij->i", level, level)
                total -= np.einsum("ij,ij->j", rotated, scaled)
                rest = total - np.einsum("ij,ij->i", factor[column], factor[column])
                if landmark.size < n:
                    independent[:, column] = np.sqrt(np.maximum(rest, 0))
    posterior = Posterior(
        predictions.sample_id,
        predictions.trait_name,
        predictions.environment_name,
        predictions.value,
        factor,
        independent,
        prior,
        noise,
    )
    return posterior if width is None else posterior.widened(width)


def _factor(
    joint: FloatArray,  # (n, n_landmark) covariance of all lines with the landmarks
    landmark: IntArray,
) -> FloatArray:  # (n, n_landmark)
    """Return F with F F' = joint among the landmarks (Nystrom beyond them)."""
    block = joint[landmark]
    tiny = 1e-9 * float(np.trace(block)) / max(landmark.size, 1) + 1e-300
    try:
        root = np.linalg.cholesky(block + tiny * np.eye(landmark.size))
    except np.linalg.LinAlgError:  # float32 kernels of clones: a little below zero
        values, vectors = scipy.linalg.eigh((block + block.T) / 2, check_finite=False)
        return joint @ (vectors / np.sqrt(np.maximum(values, 1e3 * tiny)))
    if landmark.size == joint.shape[0]:
        return np.asarray(root)
    return scipy.linalg.solve_triangular(root, joint.T, lower=True).T


@dataclass(frozen=True)
class MarkerKernel:
    """Targets that share a kernel of weighted markers."""

    column: IntArray  # (n_part_target,)
    root: FloatArray  # (n_variant,) K = Z diag(root^2) Z'
    solved: KernelBLUP


@dataclass(frozen=True)
class GenomicError:
    """Error of genetic values by marker kernels of the training rows."""

    train_dosage: NDArray[np.int8]  # (n_train, n_variant)
    mean: FloatArray  # (n_variant,)
    kernels: tuple[MarkerKernel, ...]
    width: FloatArray  # (n_target,) factor on the error variance
    apart: FloatArray  # (n_target,) share of the squared distance from the values of
    # the kernels that is error too: 0 where they are the predictions themselves
    shared: TrainingProducts | None = None  # of the one kernel, within a run

    def shared_view(self, genotypes: Genotypes) -> KernelView | None:
        """Return the kernel with rows of the same reference, without reading a call.

        None where they share no products with the training rows.
        """
        known = genotypes.products
        if self.shared is None or known is None:
            return None
        if not self.shared.products.shares(known):
            return None
        shared, factor = self.shared, float(self.kernels[0].root.max() ** 2)
        return KernelView(
            factor * shared.cross(known),
            factor * shared.diagonal(genotypes),
            lambda rows: factor * shared.among(genotypes, rows),
        )

    def posterior_shared(self, predictions: Predictions, view: KernelView) -> Posterior:
        """Return the posterior around predictions by the one kernel."""
        kernel = self.kernels[0]
        return self._posterior(predictions, [(kernel.column, kernel.solved, view)])

    def marginal(
        self,
        genotypes: Genotypes,
        call_dosage: Callable[[], NDArray[np.int8]],
    ) -> tuple[FloatArray, FloatArray]:  # each (n_sample, n_target)
        """Return value and error variance of lines by the one kernel.

        Without the errors that they share: a third of the time of the posterior.

        Parameters
        ----------
        genotypes
            Lines that may share products with the training rows.
        call_dosage
            Gives their dosages at the training variants, if they do not.
        """
        kernel = self.kernels[0]
        view = self.shared_view(genotypes) or self.view(kernel, call_dosage())
        variance = kernel.solved.averaged_variance(view.cross, view.diagonal)
        return kernel.solved.predict(view.cross), variance * self.width

    def posterior(
        self,
        predictions: Predictions,
        call_dosage: NDArray[np.int8],  # (n_sample, n_variant) of the training variants
    ) -> Posterior:
        """Return the joint posterior around predictions of the same lines."""
        parts = [
            (kernel.column, kernel.solved, self.view(kernel, call_dosage))
            for kernel in self.kernels
        ]
        return self._posterior(predictions, parts)

    def _posterior(
        self,
        predictions: Predictions,
        parts: Sequence[tuple[IntArray, KernelBLUP, KernelView]],
    ) -> Posterior:
        posterior = kernel_posterior(predictions, parts, self.width)
        if not self.apart.any():
            return posterior
        distance = predictions.value.copy()
        for columns, solved, view in parts:
            distance[:, columns] -= solved.predict(view.cross)
        shared = (np.sqrt(self.apart) * distance).T[:, :, None]
        return replace(posterior, factor=np.dstack([posterior.factor, shared]))

    def view(self, kernel: MarkerKernel, call_dosage: NDArray[np.int8]) -> KernelView:
        """Return a kernel between lines and training rows, and among the lines.

        It is 0 for rows without a value: nothing was learned from them, and candidates
        that were read with the training rows can be ten times as many.
        """

        def with_lines(other: NDArray[np.int8]) -> FloatArray:
            return cross_gram(call_dosage, other, self.mean, kernel.root)

        n_train = self.train_dosage.shape[0]
        rows = np.unique(np.concatenate([one.rows for one in kernel.solved.fitted]))
        if rows.size == n_train:
            cross = with_lines(self.train_dosage)
        else:
            cross = np.zeros((call_dosage.shape[0], n_train))
            cross[:, rows] = with_lines(self.train_dosage[rows])
        return KernelView(
            cross,
            diagonal_gram(call_dosage, self.mean, kernel.root),
            lambda rows: with_lines(call_dosage[rows]),
        )

    def effect_errors(
        self,
        effect: FloatArray,  # (n_variant,) per allele copy
        target: int,
        n: int,
        rng: np.random.Generator,
    ) -> FloatArray:  # (n, n_variant)
        """Return draws of what is not known of the marker effects of a target.

        With K = Z diag(root^2) Z' and M = vectors' Z diag(root^2) over the training
        rows the covariance of the effects is
        genetic diag(root^2) - M' diag(inverse) M + (M' slope)(M' slope)',
        times the width, and the distance from the effects of the kernel.
        """
        root, rows, genetic, inverse, slope = self._effect_terms(target)
        size = np.einsum("ij,ij->i", rows, rows)
        left = 1 - inverse * size / genetic if genetic > 0 else 0 * size
        shrunk = (1 - np.sqrt(np.clip(left, 0, 1))) / np.maximum(size, 1e-300)
        shrunk[size < 1e-9 * size.max(initial=0)] = 0
        drawn = rng.standard_normal((n, rows.shape[1]))
        drawn -= ((drawn @ rows.T) * shrunk) @ rows
        drawn *= np.sqrt(genetic)
        level = rng.standard_normal((n, slope.shape[1]))
        drawn += (level @ slope.T) @ rows
        drawn *= root * np.sqrt(self.width[target])
        if self.apart[target] > 0:
            drawn += np.outer(rng.standard_normal(n), self._distance(effect, target))
        return drawn

    def effect_sd(
        self,
        effect: FloatArray,  # (n_variant,) per allele copy
        target: int,
    ) -> FloatArray:  # (n_variant,)
        """Return the standard error of every marker effect of a target."""
        root, rows, genetic, inverse, slope = self._effect_terms(target)
        variance = genetic - inverse @ rows**2 + ((slope.T @ rows) ** 2).sum(axis=0)
        variance = root**2 * np.maximum(variance, 0) * self.width[target]
        if self.apart[target] > 0:
            variance += self._distance(effect, target) ** 2
        return np.sqrt(variance)

    def _distance(self, effect: FloatArray, target: int) -> FloatArray:  # (n_variant,)
        """Return the error in the direction of the kernel's own effects."""
        kernel, place = self._kernel_of(target)
        dual = kernel.solved.dual[:, place]
        own = kernel.root**2 * (self._centred().T @ dual)
        return np.sqrt(self.apart[target]) * (effect - own)

    def _kernel_of(self, target: int) -> tuple[MarkerKernel, int]:
        kernel = next(k for k in self.kernels if target in k.column)
        return kernel, int(np.flatnonzero(kernel.column == target)[0])

    def _centred(self, rows: IntArray | slice = slice(None)) -> FloatArray:
        dosage = self.train_dosage[rows]
        return np.where(dosage < 0, 0.0, dosage - self.mean)

    def _effect_terms(
        self, target: int
    ) -> tuple[FloatArray, FloatArray, float, FloatArray, FloatArray]:
        """Return root, vectors' Z diag(root), genetic variance, inverse and slope.

        The rows of the second, (n_train, n_variant), are orthogonal.
        """
        kernel, place = self._kernel_of(target)
        group = next(g for g in kernel.solved.groups if place in g.column)
        number = int(np.flatnonzero(group.column == place)[0])
        terms = group.error
        rows = group.vectors.T @ (self._centred(group.rows) * kernel.root)
        return (
            kernel.root,
            rows,
            float(terms.genetic[number]),
            terms.inverse[number],
            terms.slope[number],
        )

    def plug_in(
        self, call_dosage: NDArray[np.int8]
    ) -> tuple[FloatArray, FloatArray]:  # (n_sample, n_target), (n_sample,)
        """Return Henderson's PEV at the reported components, and the kernel's diagonal.

        Of targets that share one kernel.
        """
        view = self.view(self.kernels[0], call_dosage)
        variance = self.kernels[0].solved.error_variance(view.cross, view.diagonal)
        return variance, view.diagonal

    def arrays(self) -> dict[str, NDArray]:
        """Return everything as arrays under `error.` names."""
        arrays: dict[str, NDArray] = {
            "error.train_dosage": self.train_dosage,
            "error.mean": self.mean,
            "error.width": self.width,
            "error.apart": self.apart,
        }
        for number, kernel in enumerate(self.kernels):
            arrays[f"error.{number}.column"] = kernel.column
            arrays[f"error.{number}.root"] = kernel.root
            arrays |= with_prefix(kernel.solved.arrays(), f"error.{number}.")
        return arrays


@dataclass(frozen=True)
class VarianceComponents:
    """Variance components of a kernel model, with their standard errors."""

    genetic: FloatArray  # (n_target,) on the mean diagonal of the kernel
    residual: FloatArray  # (n_target,) of a value of mean weight
    h2: FloatArray  # (n_target,) genetic / (genetic + residual)
    se: FloatArray  # (n_target, 3) of the three; NaN unknown


def components_of(
    kernels: Sequence[tuple[IntArray, KernelBLUP]], n_target: int
) -> VarianceComponents:
    """Return the components of targets, from the fits of their kernels."""
    value, se = np.empty((3, n_target)), np.empty((n_target, 3))
    for column, solved in kernels:
        value[:, column] = solved.genetic, solved.residual, solved.h2
        se[column] = solved.component_se
    return VarianceComponents(value[0], value[1], value[2], se)


def posterior_of(
    error: GenomicError | None,
    predictions: Predictions,
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant) of the training variants
) -> Posterior:
    """Return predictions with their joint error; every width is NaN if it is None."""
    if error is None:
        return without_error(predictions)
    return error.posterior(predictions, call_dosage)


def error_arrays(error: GenomicError | None) -> dict[str, NDArray]:
    """Return an error as arrays; nothing for None."""
    return {} if error is None else error.arrays()


def restore_error(arrays: dict[str, NDArray]) -> GenomicError | None:
    """Return what `GenomicError.arrays` wrote; None if there is nothing."""
    if "error.width" not in arrays:
        return None
    kernels: list[MarkerKernel] = []
    while f"error.{len(kernels)}.column" in arrays:
        own = prefixed(arrays, f"error.{len(kernels)}.")
        kernels.append(
            MarkerKernel(own["column"], own["root"], restore_kernel_blup(own))
        )
    return GenomicError(
        arrays["error.train_dosage"],
        arrays["error.mean"],
        tuple(kernels),
        arrays["error.width"],
        arrays["error.apart"],
    )


def exact_error(panel: MarkerPanel, solved: KernelBLUP) -> GenomicError:
    """Return the error of a BLUP on the kernel of a panel."""
    columns = np.arange(solved.genetic.size)
    root = panel.scale.weight * np.sqrt(panel.factor)
    kernels = (MarkerKernel(columns, root, solved),)
    known = np.ones(columns.size), np.zeros(columns.size)
    return GenomicError(panel.dosage, panel.scale.mean, kernels, *known, panel.shared)


def weighted_error(
    dosage: NDArray[np.int8],  # (n_train, n_variant)
    mean: FloatArray,  # (n_variant,)
    fits: Sequence[tuple[FloatArray, KernelBLUP]],  # root (n_variant,), fit, per target
) -> GenomicError:
    """Return the error of BLUPs whose markers have variances target by target."""
    kernels = tuple(
        MarkerKernel(np.array([number]), root, solved)
        for number, (root, solved) in enumerate(fits)
    )
    known = np.ones(len(fits)), np.zeros(len(fits))
    return GenomicError(dosage, mean, kernels, *known)


def proportional_fit(
    target: Target,
    shares: Sequence[float],  # (n_kernel,) >= 0, variance of every kernel
    kernels: Sequence[FloatArray],  # each (n_train, n_train)
) -> tuple[FloatArray, KernelBLUP]:
    """Fit one kernel that sums several at their estimated proportions.

    Returns
    -------
    tuple
        Factor of every kernel in the sum, whose mean diagonal is 1, and the fit.
    """
    weight = np.asarray(shares) / np.sum(shares)
    total = sum(w * kernel for w, kernel in zip(weight, kernels, strict=True) if w > 0)
    unit, size = unit_diagonal(np.asarray(total))
    return weight * size, fit_kernel_blup(unit, [target])


def borrowed_error(
    panel: MarkerPanel,
    targets: Sequence[Target],
    inner: Splits,
    held_out: FloatArray | None = None,  # (n_train, n_target) NaN where never held out
) -> GenomicError:
    """Return the error of another model: that of the BLUP, seen from its predictions.

    Parameters
    ----------
    panel
        Markers of the training rows.
    targets
        As from `training_targets`.
    inner
        Splits on whose test rows the BLUP is compared; empty: on every row alone.
    held_out
        The model's predictions of rows that took no part in it; without them all that
        it says otherwise than the BLUP is error.
    """
    solved = fit_kernel_blup(panel.kernel, targets)
    error = replace(exact_error(panel, solved), apart=np.ones(len(targets)))
    if held_out is None:
        return error
    for number, target in enumerate(targets):
        found = held_out_error(
            panel.kernel,
            target,
            inner,
            held_out[target.rows, target.column],
            genetic=float(solved.mean_genetic[number]),
            noise=float(solved.noise[number]),
        )
        error.width[number], error.apart[number] = found
    return error
