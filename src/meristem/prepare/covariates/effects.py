"""What covariates add to values: learned on training rows, beside their genetics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from meristem.errors import DataError
from meristem.genetics.relationship import gram
from meristem.mixed.fixed.generalised import generalised_effects
from meristem.mixed.fixed.independent import independent_columns
from meristem.mixed.targets import training_targets
from meristem.prepare.by_environment import ENVIRONMENT, is_stacked
from meristem.prepare.covariates.axes import MarkerAxes, marker_axes
from meristem.prepare.covariates.coding import (
    MISSING_LEVEL,
    CovariateCode,
    learn_code,
)
from meristem.prepare.scale import fit_scale
from meristem.records import Covariates, Dataset, FloatArray, Genotypes
from meristem.records.covariates import NUMBER, RANDOM


@dataclass(frozen=True)
class Effect:
    """Effect of a level, or of one unit of a number."""

    covariate: str
    level: str  # "" for a slope
    value: float  # units of the trait; levels: from the average of the training rows
    se: float  # NaN for levels of a random class
    n: int  # training rows of the level; those with a number for a slope


@dataclass(frozen=True)
class CovariateEffects:
    """Effects of covariates and of principal components on every target.

    Everything is relative to the average of the training rows: what is added to a row
    is 0 where its covariates are those of the average.
    """

    code: CovariateCode
    axes: MarkerAxes | None
    beta: FloatArray  # (n_design + n_axis, n_target) 0 for what others tell already
    covariance: FloatArray  # (n_target, n_design + n_axis, n_design + n_axis)
    random: FloatArray  # (n_level, n_target) of the random class
    train: Covariates  # of the training rows with a value

    def of(self, covariates: Covariates) -> FloatArray:  # (n_row, n_target)
        """Return what covariates add to the values of rows."""
        added = self.code.design(covariates) @ self.beta[: self.code.n_design]
        level = self.code.random_level(covariates)
        added[level >= 0] += self.random[level[level >= 0]]
        return added

    def genetic(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return what principal components add: part of what genotypes predict."""
        if self.axes is None:
            return np.zeros((genotypes.n_sample, self.beta.shape[1]))
        return self.axes.scores(genotypes) @ self.beta[self.code.n_design :]

    def taken_off(self, train: Dataset) -> Dataset:
        """Return rows whose values have lost the effects; they keep the columns."""
        assert train.covariates is not None
        phenotypes = train.phenotypes
        value = phenotypes.value - self.of(train.covariates)
        value -= self.genetic(train.genotypes)
        fixed = _columns(self.code, self.axes, train)
        phenotypes = replace(phenotypes, value=value, fixed=fixed, measurements=None)
        return replace(train, phenotypes=phenotypes, covariates=None)

    def rows(self, target: int) -> Iterator[Effect]:
        """Yield the effect of every slope and level on a target.

        The standard errors are those at the estimated variances.
        """
        for place, name in enumerate(self.train.column_name.tolist()):
            role = self.train.role[place]
            if role == NUMBER:
                yield from self._slope(name, place, target)
            elif role == RANDOM:
                yield from self._random(name, place, target)
            else:
                yield from self._levels(name, place, target)

    def _slope(self, name: str, place: int, target: int) -> Iterator[Effect]:
        missing = int(self.train.missing[:, place].sum())
        for column in np.flatnonzero(self.code.column == name).tolist():
            row = np.zeros(self.code.n_design)
            row[column] = 1 / self.code.scale[column]
            level = str(self.code.level[column])
            n = missing if level else self.train.n_row - missing
            yield self._contrast(name, level, row, target, n)

    def _levels(self, name: str, place: int, target: int) -> Iterator[Effect]:
        label = self.train.label[:, place]
        for level in self.code.known[place]:
            some = label == ("" if level == MISSING_LEVEL else level)
            first = self.train.take(np.flatnonzero(some)[:1])
            own = self.code.column == name
            row = np.where(own, self.code.design(first)[0], 0.0)
            yield self._contrast(name, level, row, target, int(some.sum()))

    def _random(self, name: str, place: int, target: int) -> Iterator[Effect]:
        label = self.train.label[:, place]
        for number, level in enumerate(self.code.random):
            value = float(self.random[number, target])
            yield Effect(name, level, value, np.nan, int((label == level).sum()))

    def _contrast(
        self, name: str, level: str, row: FloatArray, target: int, n: int
    ) -> Effect:
        size = self.code.n_design
        value = float(row @ self.beta[:size, target])
        variance = row @ self.covariance[target][:size, :size] @ row
        return Effect(name, level, value, float(np.sqrt(max(variance, 0))), n)


def fit_effects(train: Dataset) -> CovariateEffects:
    """Return the effects of the covariates of training rows, and of their structure.

    Fixed effects are estimated by generalised least squares beside the genetic effects
    of all markers, whose variance is that of REML: what the lines of a level have in
    common by descent is not taken for its effect. Rows of lines in environments have
    an effect of every environment beside them. What follows from columns before it
    has no effect of its own.

    Parameters
    ----------
    train
        Training rows with `covariates`.

    Raises
    ------
    DataError
        If a target has hardly any value.

    References
    ----------
    Kang et al. 2008, Genetics 178:1709 (fixed effects beside relationship).
    """
    assert train.covariates is not None
    phenotypes = train.phenotypes
    targets = training_targets(phenotypes)
    seen = np.flatnonzero(~np.isnan(phenotypes.value).all(axis=1))
    known = train.covariates.take(seen)
    code = learn_code(known)
    axes = None
    if known.n_axis:
        axes = marker_axes(train.genotypes.take_samples(seen), known.n_axis)
    columns = _columns(code, axes, train)
    before = np.column_stack([np.ones(train.n_sample), _environments(train)])
    kernel = _relationship(train)
    level = code.random_level(train.covariates)
    n_column = columns.shape[1]
    beta = np.zeros((n_column, len(targets)))
    covariance = np.zeros((len(targets), n_column, n_column))
    random = np.zeros((len(code.random), len(targets)))
    alike: dict[bytes, list[int]] = {}
    for number, target in enumerate(targets):
        alike.setdefault(target.signature, []).append(number)
    for members in alike.values():
        rows, weight = targets[members[0]].rows, targets[members[0]].weight
        x = np.column_stack([before[rows], columns[rows]])
        kept = independent_columns(x)
        y = np.column_stack([targets[number].y for number in members])
        found = generalised_effects(
            kernel[np.ix_(rows, rows)], y, x[:, kept], weight, level[rows]
        )
        own = np.flatnonzero(kept >= before.shape[1])
        place = kept[own] - before.shape[1]
        for number, estimates in zip(members, found, strict=True):
            beta[place, number] = estimates.fixed[own]
            covariance[number][np.ix_(place, place)] = estimates.covariance[
                np.ix_(own, own)
            ]
            random[: estimates.level.size, number] = estimates.level
    return CovariateEffects(code, axes, beta, covariance, random, known)


def _columns(
    code: CovariateCode, axes: MarkerAxes | None, rows: Dataset
) -> FloatArray:  # (n_sample, n_design + n_axis)
    assert rows.covariates is not None
    design = code.design(rows.covariates)
    if axes is None:
        return design
    return np.column_stack([design, axes.scores(rows.genotypes)])


def _environments(rows: Dataset) -> FloatArray:  # (n_sample, n_environment - 1)
    if rows.groups is None or not is_stacked(rows):
        return np.empty((rows.n_sample, 0))
    label = rows.groups.column(ENVIRONMENT)
    names = np.unique(label[label != ""])[1:]
    return (label[:, None] == names) * 1.0


def _relationship(train: Dataset) -> FloatArray:  # (n_sample, n_sample)
    """Return the kernel of all markers, of mean diagonal 1."""
    calls = train.genotypes.call_dosage
    kernel = gram(calls, fit_scale(calls).mean)
    size = float(np.diag(kernel).mean())
    if size <= 0:
        raise DataError(
            "no variant segregates in the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return kernel / size
