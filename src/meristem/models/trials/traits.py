"""GBLUP of several traits: traits stand where environments of a trial do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.config.models import MultiTraitOptions, TrialOptions
from meristem.errors import DataError
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.targets import training_targets
from meristem.mixed.trials.covariance import Covariance, Unstructured, Weighted
from meristem.mixed.trials.fit import covariance_errors, fit_trials
from meristem.mixed.trials.likelihood import Records
from meristem.models.marker_model import training_fields
from meristem.models.trials.fitted import FittedLines, TrialTarget, restore_trials
from meristem.models.trials.spec import MOST_DENSE
from meristem.prepare.by_environment import is_stacked
from meristem.prepare.scale import fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
    Splits,
    StrArray,
)


@dataclass(frozen=True)
class MultiTrait:
    """Unstructured covariances among traits, of markers and of what they do not carry.

    Lines may lack any of the traits.

    References
    ----------
    Henderson & Quaas 1976, J Anim Sci 43:1188 (several traits); Calus & Veerkamp 2011,
    Genet Sel Evol 43:26 (of genomic values).
    """

    options: MultiTraitOptions = MultiTraitOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedTraits:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If rows are records, a trait has hardly any value, none varies, or the
            values are too many for a table with gaps.
        """
        del rng, inner  # REML chooses
        if is_stacked(dataset):
            raise DataError(
                "several traits are modelled where every row is a line",
                remedy='set phenotypes.by = "line", or use kind = "gxe" for records',
            )
        seen = ~np.isnan(dataset.phenotypes.value)
        dataset = dataset.take(np.flatnonzero(seen.any(axis=1)))
        varying, records, level, spread = _records(dataset)
        if not records.complete and records.y.size > MOST_DENSE:
            raise DataError(
                f"{records.y.size} values of a table with gaps: up to {MOST_DENSE} are "
                "fitted",
                remedy="leave traits or lines with gaps out, or fit traits with "
                'kind = "gblup"',
            )
        dosage = dataset.genotypes.call_dosage
        scale = fit_scale(dosage)
        kernel, size = unit_diagonal(gram(dosage, scale.mean, scale.weight))
        t = varying.size
        residual = _residual(self.options.residual, t)
        fit = fit_trials(records, kernel, Unstructured(t), residual, errors=False)
        fit = replace(fit, se=np.empty(0))  # no one's before `components`
        names = np.array(dataset.phenotypes.target_name)[varying]
        kind, variants, trait, environment, _ = training_fields("gxe", dataset, scale)
        lines = FittedLines(
            kind,
            variants,
            trait[:1],
            environment[:1],
            scale,
            TrialOptions(structure="unstructured", residual=self.options.residual),
            dataset.sample_id,
            dosage,
            float(size),
            (TrialTarget(names, records, fit),),
        )
        return FittedTraits(lines, trait, environment, level, spread, varying)


def _residual(kind: str, t: int) -> Covariance:
    if kind == "diagonal":
        return Weighted(tuple(np.diag(row) for row in np.eye(t)))
    return Unstructured(t)


def _records(dataset: Dataset) -> tuple[IntArray, Records, FloatArray, FloatArray]:
    """Return values by line and trait, in units of each trait's sd around its mean.

    A trait that is the same in all of these rows has no covariance with another: it
    is left out, and the columns of the others are told. Level and spread are those of
    all traits.
    """
    n, t = dataset.phenotypes.value.shape
    value, weight = np.full((n, t), np.nan), np.ones((n, t))
    level, spread = np.zeros(t), np.ones(t)
    for target in training_targets(dataset.phenotypes):
        level[target.column] = target.y.mean()
        spread[target.column] = target.y.std()
        value[target.rows, target.column] = target.y
        weight[target.rows, target.column] = target.weight
    varying = np.flatnonzero(spread > 0)
    if varying.size == 0:
        raise DataError(
            "no trait varies among the training rows",
            remedy="use fewer folds, or leave traits that hardly vary out",
        )
    value = (value[:, varying] - level[varying]) / spread[varying]
    line, trait = np.nonzero(~np.isnan(value))
    cells = (line, trait)
    weight = weight[:, varying]
    records = Records(line, trait, value[cells], weight[cells], varying.size)
    return varying, records, level, spread


@dataclass(frozen=True)
class FittedTraits:
    """A fitted model of several traits."""

    lines: FittedLines  # its environments are the traits, in units of their sd
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    level: FloatArray  # (n_target,)
    spread: FloatArray  # (n_target,) 0 where all training rows are the same
    varying: IntArray  # (n_varying,) the targets that `lines` knows, in order

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every trait; lines of the training by their other traits too."""
        return self.posterior(genotypes).predictions()

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of every trait."""
        n = genotypes.n_sample
        parts = [
            self.lines.posterior_at(genotypes, genotypes.sample_id, np.full(n, name))
            for name in self.lines.targets[0].place.tolist()
        ]
        spread, t = self.spread, self.level.size

        def of_all(columns: FloatArray) -> FloatArray:  # (..., n_target)
            whole = np.zeros((*columns.shape[:-1], t))
            whole[..., self.varying] = columns
            return whole

        factors = np.stack([p.factor[0] for p in parts], axis=-1)
        residual = np.diag(self.lines.targets[0].fit.residual)
        prior = of_all(np.column_stack([p.prior_variance[:, 0] for p in parts]))
        return Posterior(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            of_all(np.column_stack([p.mean[:, 0] for p in parts])) * spread
            + self.level,
            np.moveaxis(of_all(factors) * spread, -1, 0),
            of_all(np.column_stack([p.independent[:, 0] for p in parts])) * spread,
            prior * spread**2,
            of_all(residual) * spread**2,
        )

    def components(self) -> pd.DataFrame:
        """Return variances and correlations: target, component, value, se.

        Standard errors are computed here, at about the cost of the fit.
        """
        one = self.lines.targets[0]
        fit, t = one.fit, one.place.size
        error = covariance_errors(
            one.records,
            self.lines.train_kernel(),
            Unstructured(t),
            _residual(self.lines.options.residual, t),
            fit.theta,
        )
        rows: list[tuple[int, str, float, float]] = []
        both = (("genetic", fit.genetic), ("residual", fit.residual))
        for (name, matrix), se in zip(both, error, strict=True):
            sd = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
            for k, target in enumerate(self.varying.tolist()):
                size = float(self.spread[target] ** 2)
                rows.append((target, name, matrix[k, k] * size, se[k, k] * size))
                for other in range(k):
                    r = float(matrix[k, other] / (sd[k] * sd[other]))
                    pair = f"{name} correlation with {one.place[other]}"
                    rows.append((target, pair, r, se[k, other]))
        return pd.DataFrame(rows, columns=["target", "component", "value", "se"])

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        inside = self.lines.state()
        own = {
            "traits_trait": self.trait_name,
            "traits_environment": self.environment_name,
            "traits_level": self.level,
            "traits_spread": self.spread,
            "traits_varying": self.varying,
        }
        return FittedState("multi_trait", inside.arrays | own, inside.meta)


def restore_multi_trait(state: FittedState) -> FittedTraits:
    """Return the fitted model of a state."""
    lines = restore_trials(FittedState("gxe", state.arrays, state.meta))
    every = np.arange(state.arrays["traits_level"].size)
    arrays = {"traits_varying": every} | state.arrays
    names = ("trait", "environment", "level", "spread", "varying")
    return FittedTraits(lines, *(arrays[f"traits_{name}"] for name in names))
