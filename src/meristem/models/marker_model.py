"""What every model fitted on marker dosages keeps of its training rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.models.genomic_error import GenomicError, posterior_of
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Posterior,
    Predictions,
    StrArray,
    VariantTable,
)

Fields = tuple[str, VariantTable, StrArray, StrArray, MarkerScale]


@dataclass(frozen=True)
class MarkerModel:
    """Kind, variants, targets and marker scale of a fitted model."""

    kind: str  # key in the catalogue
    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    scale: MarkerScale

    def dosage(
        self, genotypes: Genotypes
    ) -> NDArray[np.int8]:  # (n_sample, n_variant) of the training variants
        """Return the dosages of new lines, matched to the training variants."""
        return align_variants(genotypes, self.variants).call_dosage

    def predictions(
        self,
        genotypes: Genotypes,
        value: FloatArray,  # (n_sample, n_target)
        spread: FloatArray | None = None,  # (n_sample, n_target)
    ) -> Predictions:
        """Return values as predictions of the lines; no spread if none is given."""
        return Predictions.of(self, genotypes.sample_id, value, spread)

    def marker_arrays(self) -> dict[str, NDArray]:
        """Return the fields of this record as arrays, for the fitted state."""
        return {
            **pack_variants(self.variants),
            **pack_targets(self.trait_name, self.environment_name),
            **pack_scale(self.scale),
        }


def training_fields(kind: str, dataset: Dataset, scale: MarkerScale) -> Fields:
    """Return the fields of `MarkerModel` for a model of these training rows."""
    phenotypes = dataset.phenotypes
    return (
        kind,
        dataset.genotypes.variants,
        phenotypes.trait_name,
        phenotypes.environment_name,
        scale,
    )


def restored_fields(state: FittedState) -> Fields:
    """Return the fields that `MarkerModel.marker_arrays` wrote."""
    arrays = state.arrays
    return (
        state.kind,
        unpack_variants(arrays),
        *unpack_targets(arrays),
        unpack_scale(arrays),
    )


class OfMembers(ABC):
    """A fitted model of members, whose posterior is as wide as its error says."""

    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    error: GenomicError | None

    @abstractmethod
    def member_predictions(
        self, genotypes: Genotypes
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member."""

    @abstractmethod
    def _dosage(self, genotypes: Genotypes) -> NDArray[np.int8]:
        """Return the dosages of lines at the variants of training."""

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; spread is the sd over the members."""
        members = self.member_predictions(genotypes)
        spread = members.std(axis=0, ddof=1) if members.shape[0] > 1 else None
        return Predictions.of(self, genotypes.sample_id, members.mean(axis=0), spread)

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        predictions = self.predict(genotypes)
        return posterior_of(self.error, predictions, self._dosage(genotypes))
