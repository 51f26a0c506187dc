"""Omics tables of samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records.arrays import FloatArray, StrArray, refuse_duplicates


@dataclass(frozen=True)
class OmicsTable:
    """One kind of omics measured on any subset of the samples.

    `node_name` says which node of the knowledge graph a feature measures: the
    feature's own id unless a map was given; "" when it measures none.
    """

    name: str  # "expression", "metabolites", ...
    sample_id: StrArray  # (n_sample,) unique
    feature_id: StrArray  # (n_feature,) unique
    node_name: StrArray  # (n_feature,)
    value: FloatArray  # (n_sample, n_feature) NaN missing
    source: str = field(default="", compare=False)  # where from; no content
    reliability: FloatArray | None = None  # (n_feature,) share of the variance that
    # is no measurement error, in (0, 1]; None: not known
    derived: NDArray[np.bool_] | None = None  # (n_sample,) rows that hold what other
    # rows measured (the mean of a hybrid's parents, say); None: there are none

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.feature_id.size)
        if self.value.shape != expected:
            raise DataError(
                f"{self.name}: values {self.value.shape}, expected {expected}",
                where=self.source,
            )
        if self.node_name.shape != self.feature_id.shape:
            raise DataError(f"{self.name}: node_name and feature_id differ in length")
        known = self.reliability
        if known is not None and known.shape != self.feature_id.shape:
            raise DataError(f"{self.name}: reliability and feature_id differ in length")
        if known is not None and not ((known > 0) & (known <= 1)).all():
            raise DataError(
                f"{self.name}: a reliability is not above 0 and at most 1",
                where=self.source,
            )
        if self.derived is not None and self.derived.shape != self.sample_id.shape:
            raise DataError(f"{self.name}: derived and sample_id differ in length")
        if np.isinf(self.value).any():
            raise DataError(f"{self.name}: a value is infinite", where=self.source)
        refuse_duplicates(self.sample_id, f"samples of {self.name}")
        refuse_duplicates(self.feature_id, f"features of {self.name}")

    def take_samples(self, index: NDArray) -> OmicsTable:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(
            self,
            sample_id=self.sample_id[index],
            value=self.value[index],
            derived=None if self.derived is None else self.derived[index],
        )

    def take_features(self, index: NDArray) -> OmicsTable:
        """Return the features at `index` (integers or a mask), in that order."""
        known = self.reliability
        return replace(
            self,
            feature_id=self.feature_id[index],
            node_name=self.node_name[index],
            value=self.value[:, index],
            reliability=None if known is None else known[index],
        )

    def direct(self) -> OmicsTable:
        """Return the table without derived values: each measurement counts once.

        Hybrids repeat the measurements of their parents, environments those of their
        line. What is learned of omics from genotypes would take them for so many
        independent ones.
        """
        if self.derived is None or not self.derived.any():
            return self
        value = np.where(self.derived[:, None], np.nan, self.value)
        return replace(self, value=value, derived=None)
