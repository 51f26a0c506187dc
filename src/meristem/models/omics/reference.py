"""Upper reference that sees measured omics of the lines it predicts: no selection tool.

It says how much the omics know, not what can be predicted from genotypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meristem.config.models import MeasuredOmicsOptions
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import predict_linear
from meristem.models.marker_model import (
    MarkerModel,
    restored_fields,
    training_fields,
)
from meristem.models.named_columns import OmicsScale, fit_omics_scale
from meristem.models.panel import make_panel
from meristem.models.protocol import Needs
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    OmicsTable,
    Posterior,
    Predictions,
    Splits,
    StrArray,
)
from meristem.records.posterior import without_error


@dataclass(frozen=True)
class MeasuredOmics:
    """REML over a marker kernel and a kernel of measured omics."""

    options: MeasuredOmicsOptions = MeasuredOmicsOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedMeasuredOmics:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        del rng, inner  # nothing is random, nothing is chosen
        targets = training_targets(dataset.phenotypes)
        panel = make_panel(dataset.genotypes)
        moments = fit_omics_scale(dataset.omics)
        features = moments.apply(dataset.omics)
        kernel, factor = unit_diagonal(features @ features.T)
        model = KernelREML((panel.kernel, kernel))
        dual = np.zeros((dataset.n_sample, len(targets)))
        feature_effect = np.zeros((features.shape[1], len(targets)))
        intercept = np.zeros(len(targets))
        for target in targets:
            fit = model.fit(target)
            column = target.column
            dual[target.rows, column] = fit.genetic[0] * fit.dual
            image = features[target.rows].T @ fit.dual
            feature_effect[:, column] = fit.genetic[1] * factor * image
            intercept[column] = fit.intercept
        return FittedMeasuredOmics(
            *training_fields("measured_omics", dataset, panel.scale),
            marker_effect=panel.effects(dual),
            intercept=intercept,
            feature_name=moments.name,
            feature_mean=moments.mean,
            feature_sd=moments.sd,
            feature_effect=feature_effect,
        )


@dataclass(frozen=True)
class FittedMeasuredOmics(MarkerModel):
    """The fitted upper reference; not deployable."""

    needs: ClassVar[Needs] = Needs(omics=True, measured_omics=True)
    marker_effect: FloatArray  # (n_variant, n_target)
    intercept: FloatArray  # (n_target,)
    feature_name: StrArray  # (n_feature,) table/feature
    feature_mean: FloatArray  # (n_feature,)
    feature_sd: FloatArray  # (n_feature,) 1 where constant
    feature_effect: FloatArray  # (n_feature, n_target) per sd

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict from genotypes and the omics measured on the same samples.

        Raises
        ------
        DataError
            If there are no omics: genotypes are not enough.
        """
        dosage = self.dosage(genotypes)
        value = predict_linear(dosage, self.scale, self.marker_effect, self.intercept)
        moments = OmicsScale(self.feature_name, self.feature_mean, self.feature_sd)
        value += moments.apply(omics) @ self.feature_effect
        return self.predictions(genotypes, value)

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Refuse, as `predict` does."""
        return without_error(self.predict(genotypes))

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = self.marker_arrays()
        for name in _ARRAYS:
            arrays[name] = getattr(self, name)
        return FittedState("measured_omics", arrays)


_ARRAYS = (
    "marker_effect",
    "intercept",
    "feature_name",
    "feature_mean",
    "feature_sd",
    "feature_effect",
)


def restore_measured_omics(state: FittedState) -> FittedMeasuredOmics:
    """Return the fitted model of a state."""
    return FittedMeasuredOmics(
        *restored_fields(state),
        *(state.arrays[name] for name in _ARRAYS),
    )
