"""Markers of the training rows with their relationship kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.relationship import gram
from meristem.models.effects import kernel_factor, marker_effects
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import FloatArray, Genotypes


@dataclass(frozen=True)
class MarkerPanel:
    """Training markers, their scale, and VanRaden's kernel of mean diagonal 1."""

    dosage: NDArray[np.int8]  # (n_train, n_variant)
    scale: MarkerScale
    kernel: FloatArray  # (n_train, n_train)
    factor: float  # kernel = factor * Z Z'

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
    dosage = genotypes.call_dosage
    scale = fit_scale(dosage)
    kernel = gram(dosage, scale.mean)
    factor = kernel_factor(kernel)
    kernel *= factor
    return MarkerPanel(dosage, scale, kernel, factor)
