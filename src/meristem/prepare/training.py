"""What a fold learns from: training rows, with nothing of the other rows in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.prepare.adjust import readjusted
from meristem.prepare.by_environment import (
    EnvironmentMeans,
    centre_environments,
    environment_means,
    is_stacked,
)
from meristem.prepare.covariates.effects import CovariateEffects, fit_effects
from meristem.records import Dataset, FloatArray, Genotypes, Phenotypes


@dataclass(frozen=True)
class TakenOff:
    """What the values of training rows lost before a model saw them."""

    environments: EnvironmentMeans | None = None  # None where rows are lines
    covariates: CovariateEffects | None = None

    def level(self, rows: Dataset) -> FloatArray:  # (n_sample, n_target)
        """Return what makes predictions of rows levels, at average covariates.

        The mean of their environment, and what principal components of their markers
        add.
        """
        added = self.structure(rows.genotypes, rows.phenotypes.n_target)
        return (
            added if self.environments is None else added + self.environments.of(rows)
        )

    def structure(self, genotypes: Genotypes, n_target: int) -> FloatArray:
        """Return what principal components add to predictions of these samples."""
        if self.covariates is None:
            return np.zeros((genotypes.n_sample, n_target))
        return self.covariates.genetic(genotypes)

    def offset(self, rows: Dataset) -> FloatArray:  # (n_sample, n_target)
        """Return what the covariates of rows add to their observed values."""
        if self.covariates is None or rows.covariates is None:
            return np.zeros((rows.n_sample, rows.phenotypes.n_target))
        return self.covariates.of(rows.covariates)


EQUAL = 1e-12
"""Values that differ by less, relative to the largest, are the same."""


def constant_targets(phenotypes: Phenotypes) -> NDArray[np.bool_]:  # (n_target,)
    """Tell which targets have values that are all equal.

    Of several adjusted values, learned anew from the measurements of these rows.
    """
    values = readjusted(phenotypes).value
    known = ~np.isnan(values)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    size = np.where(known, np.abs(values), 0.0).max(axis=0, initial=0.0)
    return known.any(axis=0) & ~(high > low + EQUAL * size)


def training_set(dataset: Dataset, rows: NDArray) -> tuple[Dataset, TakenOff]:
    """Return training rows as models see them.

    Adjusted means are learned anew from the measurements of these rows alone. Values
    then lose the effects of covariates and principal components, estimated on these
    rows beside the genetic effects, and rows of lines in environments the mean that
    their environment has among them.

    Parameters
    ----------
    dataset
        All rows.
    rows
        Positions of the training rows.

    Returns
    -------
    train : Dataset
        The rows.
    taken : TakenOff
        What was taken off.
    """
    train = dataset.take(rows)
    train = replace(train, phenotypes=readjusted(train.phenotypes))
    effects = None
    if train.covariates is not None:
        effects = fit_effects(train)
        train = effects.taken_off(train)
    if not is_stacked(train):
        return train, TakenOff(None, effects)
    means = environment_means(train)
    return centre_environments(train, means), TakenOff(means, effects)
