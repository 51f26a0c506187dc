"""What fitted models share that predict by the mean over their members."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from meristem.models.genomic_error import GenomicError, posterior_of
from meristem.records import FloatArray, Genotypes, Posterior, Predictions, StrArray


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
