"""Traits of samples and the measurements they come from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records.arrays import FloatArray, IntArray, StrArray, refuse_duplicates
from meristem.records.covariates import Covariates
from meristem.records.error_covariance import ErrorCovariance


@dataclass(frozen=True)
class Observations:
    """Single measurements as they stand in the phenotype file, one row each."""

    sample_id: StrArray  # (n_obs,)
    environment: StrArray  # (n_obs,) "" when there is only one
    replicate: StrArray  # (n_obs,) "" when not given
    trait: StrArray  # (n_obs,)
    value: FloatArray  # (n_obs,) NaN missing
    weight: FloatArray  # (n_obs,) > 0, relative precision; 1 when not given
    source: str = field(default="", compare=False)  # where from; no content
    standard_error: FloatArray | None = None  # (n_obs,) NaN missing; None: not given
    covariates: Covariates | None = None  # (n_obs rows)


@dataclass(frozen=True)
class Measurements:
    """Single values behind adjusted ones, so that any set of rows can be adjusted anew.

    Values of one block are adjusted together. Lines without a row (not genotyped:
    checks, say) have numbers from the number of rows on; they are in every set.
    """

    sample: IntArray  # (n_obs,) row of the phenotypes
    target: IntArray  # (n_obs,) column of the phenotypes
    block: IntArray  # (n_obs,)
    environment: IntArray  # (n_obs,)
    replicate: IntArray  # (n_obs,)
    value: FloatArray  # (n_obs,)
    weight: FloatArray  # (n_obs,) > 0
    error: FloatArray | None = None  # (n_obs,) standard errors, instead of weights
    covariates: Covariates | None = None  # (n_obs rows) that differ within lines

    def take(self, index: NDArray) -> Measurements:
        """Return the values at `index` (integers or a mask)."""
        arrays = {item.name: getattr(self, item.name) for item in fields(self)}
        covariates = arrays.pop("covariates")
        known = {name: a[index] for name, a in arrays.items() if a is not None}
        return Measurements(**known, covariates=covariates and covariates.take(index))

    def of_rows(self, index: NDArray, n_sample: int) -> Measurements:
        """Return those of some of `n_sample` rows, numbered as they will stand."""
        rows = np.arange(n_sample)[index]
        place = np.full(max(n_sample, self.sample.max(initial=-1) + 1), -1)
        place[rows] = np.arange(rows.size)
        place[n_sample:] = rows.size + np.arange(place.size - n_sample)
        sample = place[self.sample]
        return replace(self, sample=sample).take(sample >= 0)

    def of_targets(self, index: NDArray, n_target: int) -> Measurements:
        """Return those of some of `n_target` targets, numbered as they will stand."""
        columns = np.arange(n_target)[index]
        place = np.full(n_target, -1)
        place[columns] = np.arange(columns.size)
        target = place[self.target]
        return replace(self, target=target).take(target >= 0)


@dataclass(frozen=True)
class Phenotypes:
    """One (adjusted) value per sample and target.

    A target is a trait, or a trait in one environment; its environment is "" when
    the value is a mean over environments. Traits and environments repeat over
    targets, the pair does not.
    """

    sample_id: StrArray  # (n_sample,) unique
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    value: FloatArray  # (n_sample, n_target) NaN missing
    weight: FloatArray  # (n_sample, n_target) > 0; relative precision of the value
    measurements: Measurements | None = None  # what the values are adjusted from;
    # None where no value depends on those of other samples
    fixed: FloatArray | None = None  # (n_sample, n_fixed) centred columns whose effects
    # were taken off the values: models that have fixed effects project them out
    errors: tuple[ErrorCovariance | None, ...] = ()  # (n_target,) covariances of the
    # errors, where they are given; the weights are then those of their diagonals

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.trait_name.size)
        if self.value.shape != expected or self.weight.shape != expected:
            raise DataError(
                f"values {self.value.shape} and weights {self.weight.shape} "
                f"do not have shape {expected}"
            )
        if self.errors and len(self.errors) != self.n_target:
            raise DataError(
                f"{len(self.errors)} error covariances for {self.n_target} targets"
            )
        if np.isinf(self.value).any():
            raise DataError("a phenotype value is infinite")
        refuse_duplicates(self.sample_id, "phenotyped samples")
        refuse_duplicates(np.asarray(self.target_name), "targets")

    @property
    def n_target(self) -> int:
        """Number of targets."""
        return int(self.trait_name.size)

    @property
    def target_name(self) -> list[str]:
        """`trait`, or `trait@environment`, for every target."""
        pairs = zip(self.trait_name, self.environment_name, strict=True)
        return [f"{trait}@{env}" if env else str(trait) for trait, env in pairs]

    def take_samples(self, index: NDArray) -> Phenotypes:
        """Return the samples at `index` (integers or a mask), in that order."""
        known = self.measurements
        return replace(
            self,
            sample_id=self.sample_id[index],
            value=self.value[index],
            weight=self.weight[index],
            measurements=known and known.of_rows(index, self.sample_id.size),
            fixed=None if self.fixed is None else self.fixed[index],
            errors=tuple(one and one.take_samples(index) for one in self.errors),
        )

    def take_targets(self, index: NDArray) -> Phenotypes:
        """Return the targets at `index` (integers or a mask), in that order."""
        known = self.measurements
        return replace(
            self,
            trait_name=self.trait_name[index],
            environment_name=self.environment_name[index],
            value=self.value[:, index],
            weight=self.weight[:, index],
            measurements=known and known.of_targets(index, self.n_target),
            errors=self.errors
            and tuple(self.errors[t] for t in np.arange(self.n_target)[index]),
        )
