"""What every model offers; no torch here, so that evaluation needs none."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from meristem.records import Dataset, FittedState, Genotypes, Predictions, Split


@runtime_checkable
class Fitted(Protocol):
    """Weights and everything else learned on the training rows; never changes."""

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target from genotypes alone.

        Variants are matched by name to those of the training data
        (`prepare.match.match_variants`), missing ones are imputed with training
        statistics.
        """
        ...

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        ...


class Predictor(Protocol):
    """A model specification: frozen, cheap to make, holds nothing learned."""

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> Fitted:
        """Learn from the training rows.

        Parameters
        ----------
        dataset
            The training rows and nothing else. Rows without any phenotype may be
            present (lines with omics alone).
        rng
            The only source of randomness.
        inner
            Splits of these rows that mimic the outer question (positions within
            `dataset`). Every choice made inside training uses them; empty means
            random 5-fold.
        """
        ...
