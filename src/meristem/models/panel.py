"""Markers of the training rows with their relationship kernel, and its effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.products import TrainingProducts, centred_products
from meristem.genetics.relationship import dosage_blocks, gram
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import FloatArray, Genotypes


def kernel_factor(
    kernel: FloatArray,  # (n_train, n_train)
) -> float:
    """Return the factor that brings the mean diagonal of a kernel to 1.

    Raises
    ------
    DataError
        If no variant varies among the training rows.
    """
    trace = float(np.trace(kernel))
    if trace <= 0:
        raise DataError(
            "no variant varies among the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return kernel.shape[0] / trace


def marker_effects(
    train_dosage: NDArray[np.int8],  # (n_train, n_variant)
    scale: MarkerScale,
    dual: FloatArray,  # (n_train, n_target)
) -> FloatArray:  # (n_variant, n_target)
    """Return Z' dual: the effect of one allele copy in a kernel model on Z Z'."""
    effect = np.empty((train_dosage.shape[1], dual.shape[1]))
    start = 0
    for calls in dosage_blocks(train_dosage):
        columns = slice(start, start + calls.shape[1])
        effect[columns] = scale.take(columns).centre(calls, np.float64).T @ dual
        start = columns.stop
    return effect


@dataclass(frozen=True)
class MarkerPanel:
    """Training markers, their scale, and VanRaden's kernel of mean diagonal 1."""

    dosage: NDArray[np.int8]  # (n_train, n_variant)
    scale: MarkerScale
    kernel: FloatArray  # (n_train, n_train)
    factor: float  # kernel = factor * Z Z'
    shared: TrainingProducts | None = None  # where all folds share their products

    def effects(
        self,
        dual: FloatArray,  # (n_train, n_target)
    ) -> FloatArray:  # (n_variant, n_target)
        """Return the effect per allele copy of dual weights on the kernel."""
        return marker_effects(self.dosage, self.scale, self.factor * dual)


def make_panel(genotypes: Genotypes) -> MarkerPanel:
    """Return the panel of the training rows.

    Raises
    ------
    DataError
        If no variant varies.
    """
    dosage, known = genotypes.call_dosage, genotypes.products
    scale = fit_scale(dosage)
    shared = None
    if known is None:
        kernel = gram(dosage, scale.mean)
    else:
        kernel, level = centred_products(known)
        fixed = np.flatnonzero(known.varies & (scale.weight == 0))
        shared = TrainingProducts(known, scale.mean, fixed, level)
    factor = kernel_factor(kernel)
    kernel *= factor
    return MarkerPanel(dosage, scale, kernel, factor, shared)
