"""Upper reference that sees measured omics of the lines it predicts: no selection tool.

It says how much the omics know, not what can be predicted from genotypes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meristem.config.models import MeasuredOmicsOptions
from meristem.errors import DataError
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.effects import predict_linear
from meristem.models.marker_model import (
    MarkerModel,
    restored_fields,
    training_fields,
)
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
        if not dataset.omics:
            raise DataError(
                "the upper reference needs measured omics and there are none",
                remedy="add an [[omics]] section, or leave the model out",
            )
        names = np.concatenate([feature_names(table) for table in dataset.omics])
        raw = joined(dataset.omics, names)
        mean, sd = column_moments(raw)
        features = scaled(raw, mean, sd)
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
            feature_name=names,
            feature_mean=mean,
            feature_sd=sd,
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
        raw = joined(omics, self.feature_name)
        value += scaled(raw, self.feature_mean, self.feature_sd) @ self.feature_effect
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


def feature_names(table: OmicsTable) -> StrArray:
    """Return `table/feature` for every feature."""
    return np.array([f"{table.name}/{feature}" for feature in table.feature_id])


def joined(
    omics: tuple[OmicsTable, ...],
    names: StrArray,  # (n_feature,) table/feature
) -> FloatArray:  # (n_sample, n_feature) NaN where missing
    """Return the features by name, NaN where a table does not have one."""
    if not omics:
        raise DataError(
            "the upper reference needs measured omics of the lines it predicts",
            remedy="give omics, or use a deployable model",
        )
    value = np.concatenate([table.value for table in omics], axis=1)
    given = np.concatenate([feature_names(table) for table in omics]).tolist()
    place = {name: column for column, name in enumerate(given)}
    column_of = np.array([place.get(name, -1) for name in names.tolist()])
    return np.where(column_of >= 0, value[:, column_of], np.nan)


def column_moments(value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of every column over its values; sd 1 where constant."""
    seen = ~np.isnan(value)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, value, 0.0).sum(axis=0) / count
    centred = np.where(seen, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    return mean, np.where(sd > 1e-12 * (1 + np.abs(mean)), sd, 1.0)


def scaled(value: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return standardised columns, 0 where missing."""
    return np.where(np.isnan(value), 0.0, (value - mean) / sd)
