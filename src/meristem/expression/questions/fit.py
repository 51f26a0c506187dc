"""Fit a model on training lines and predict others, everything learned in training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.expression.training import ExpressionModel, PreprocessOptions
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.cis.protocol import FittedGenes, NewLines, TrainingLines
from meristem.expression.lines import ExpressionLines
from meristem.expression.preprocess.adjust import Adjustment, fit_adjustment
from meristem.expression.questions.holdouts import Holdout
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import FloatArray
from meristem.runs.seeds import derived_rng
from meristem.runs.tasks import Arrays
from meristem.stats.folds import random_splits


@dataclass(frozen=True)
class Trained:
    """A fitted model with what brings new lines to its scale."""

    model: FittedGenes
    scale: MarkerScale
    adjustment: Adjustment
    published_mean: FloatArray | None  # (n_gene,) for lines or genes without a score

    def predict(self, lines: ExpressionLines) -> FloatArray:  # (n_line, n_gene)
        """Return the expression of lines from their genotypes."""
        return self.model.predict(
            NewLines(
                self.scale.standardise(lines.genotypes.call_dosage, np.float64),
                lines.features,
                _filled(lines.published, self.published_mean),
            )
        )

    def scored(self, lines: ExpressionLines) -> FloatArray:  # (n_line, n_gene)
        """Return measured values as predictions are compared with them."""
        return self.adjustment.scored(lines.value, lines.covariates, lines.genotypes)


def train(
    lines: ExpressionLines,  # measured ones
    name: ExpressionModel,
    options: PreprocessOptions,
    *,
    inner_folds: int,
    seed: int,
) -> Trained:
    """Fit one model of the catalogue on all the lines given.

    Raises
    ------
    DataError
        If the lines do not suffice.
    """
    scale = fit_scale(lines.genotypes.call_dosage)
    adjustment, value = fit_adjustment(
        lines.value, lines.covariates, lines.genotypes, options
    )
    mean = None
    if lines.published is not None:
        # genes of which the weights say nothing: a constant
        known = ~np.isnan(lines.published).all(axis=0)
        mean = np.zeros(lines.gene.size)
        mean[known] = np.nanmean(lines.published[:, known], axis=0)
    rng = derived_rng(seed, "inner lines")
    training = TrainingLines(
        scale.standardise(lines.genotypes.call_dosage, np.float64),
        value,
        lines.cis,
        lines.features,
        _filled(lines.published, mean),
        random_splits(value.shape[0], inner_folds, rng),
    )
    return Trained(CATALOG[name].model.fit(training), scale, adjustment, mean)


def run_holdout(
    lines: ExpressionLines,  # measured ones
    holdout: Holdout,
    name: ExpressionModel,
    options: PreprocessOptions,
    inner_folds: int,
    seed: int,
) -> Arrays:
    """Return what one model predicts of what one holdout leaves out.

    Returns
    -------
    dict
        `observed`, `predicted`, (n_test, n_gene), the latter NaN for a gene that no
        training line has; `centre`, (n_gene,) mean of the
        training lines; `cis` and `polygenic`, (n_gene,) shares of variance in training,
        NaN where the model does not estimate them.
    """
    if holdout.order is not None:
        dealt = (
            None if lines.covariates is None else lines.covariates.take(holdout.order)
        )
        lines = replace(lines, value=lines.value[holdout.order], covariates=dealt)
    part = lines.take(holdout.train_lines)
    fitted = train(part, name, options, inner_folds=inner_folds, seed=seed)
    test = lines.take(holdout.test_lines)
    predicted = fitted.predict(test)
    predicted[:, np.isnan(part.value).all(axis=0)] = np.nan  # never measured there
    unknown = np.full(lines.gene.size, np.nan)
    cis, rest = fitted.model.cis_share, fitted.model.polygenic_share
    return {
        "observed": fitted.scored(test),
        "predicted": predicted,
        "centre": fitted.model.intercept,
        "cis": unknown if cis is None else cis,
        "polygenic": unknown if rest is None else rest,
    }


def _filled(score: FloatArray | None, mean: FloatArray | None) -> FloatArray | None:
    if score is None or mean is None:
        return None
    return np.where(np.isnan(score), mean, score)
