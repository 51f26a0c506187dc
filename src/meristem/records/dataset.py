"""All that is known of the samples of an analysis, and how they are split."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records.arrays import FloatArray, IntArray, StrArray
from meristem.records.covariates import Covariates
from meristem.records.genotypes import Genotypes
from meristem.records.omics import OmicsTable
from meristem.records.phenotypes import Phenotypes


@dataclass(frozen=True)
class Environments:
    """Covariates of the environments."""

    environment_name: StrArray  # (n_environment,) unique
    covariate_name: StrArray  # (n_covariate,) unique
    value: FloatArray  # (n_environment, n_covariate) NaN missing
    source: str = field(default="", compare=False)  # where from; no content


@dataclass(frozen=True)
class SampleGroups:
    """Labels of samples: family, subpopulation, heterotic group, trial set.

    Hybrids carry the two labels `parent_1` and `parent_2`.
    """

    sample_id: StrArray  # (n_sample,) unique
    group_name: StrArray  # (n_group,) unique
    label: StrArray  # (n_sample, n_group) "" when unknown

    def column(self, name: str) -> StrArray:
        """Return the labels of the grouping `name`, shape (n_sample,)."""
        found = np.flatnonzero(self.group_name == name)
        if found.size == 0:
            known = ", ".join(map(str, self.group_name)) or "none"
            raise DataError(
                f"there is no grouping called {name!r}",
                remedy=f"use one of the groupings read: {known}",
            )
        return self.label[:, found[0]]

    def take_samples(self, index: NDArray) -> SampleGroups:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(self, sample_id=self.sample_id[index], label=self.label[index])


@dataclass(frozen=True)
class Dataset:
    """Everything known of one set of samples, aligned row by row.

    Every row has genotypes. Phenotypes and omics are NaN where a sample was not
    measured. A model is fitted on `prepare.training.training_set`: `take` leaves
    nothing of the other rows, and what was adjusted by them is adjusted anew.
    """

    genotypes: Genotypes
    phenotypes: Phenotypes
    omics: tuple[OmicsTable, ...] = ()
    groups: SampleGroups | None = None
    covariates: Covariates | None = None  # (n_sample rows)

    def __post_init__(self) -> None:
        if self.covariates is not None and self.covariates.n_row != self.n_sample:
            raise DataError("covariates are not aligned to genotypes")
        tables: list[Phenotypes | OmicsTable | SampleGroups]
        tables = [self.phenotypes, *self.omics]
        if self.groups is not None:
            tables.append(self.groups)
        for table in tables:
            if not np.array_equal(table.sample_id, self.genotypes.sample_id):
                raise DataError(f"{type(table).__name__} is not aligned to genotypes")

    @property
    def sample_id(self) -> StrArray:
        """Sample ids, shape (n_sample,)."""
        return self.genotypes.sample_id

    @property
    def n_sample(self) -> int:
        """Number of samples."""
        return self.genotypes.n_sample

    def take(self, index: NDArray) -> Dataset:
        """Return the samples at `index` (integers or a mask), in that order."""
        return Dataset(
            self.genotypes.take_samples(index),
            self.phenotypes.take_samples(index),
            tuple(table.take_samples(index) for table in self.omics),
            None if self.groups is None else self.groups.take_samples(index),
            None if self.covariates is None else self.covariates.take(index),
        )

    def take_variants(self, index: NDArray) -> Dataset:
        """Return the same samples with the variants at `index` alone."""
        return replace(self, genotypes=self.genotypes.take_variants(index))

    def take_targets(self, index: NDArray) -> Dataset:
        """Return the same samples with the targets at `index` alone."""
        return replace(self, phenotypes=self.phenotypes.take_targets(index))


@dataclass(frozen=True)
class Split:
    """Training and test rows of one fold, as positions in a Dataset."""

    scheme: str  # "kfold", "group:family", ...
    replicate: int
    fold: int
    train: IntArray  # (n_train,) sorted
    test: IntArray  # (n_test,) sorted


Splits = tuple[Split, ...]
"""Some folds of the same rows."""
