"""What every kind of representation offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from meristem.records import FloatArray


@dataclass(frozen=True)
class Counts:
    """Raw counts, and how they became standardised logarithms."""

    count: FloatArray  # (n_sample, n_feature) NaN missing
    size: FloatArray  # (n_sample,) relative size of each sample
    profile: FloatArray  # (n_feature,) mean counts
    mean: FloatArray  # (n_feature,) of log(1 + count / size)
    sd: FloatArray  # (n_feature,) > 0


@dataclass(frozen=True)
class Values:
    """A table on the common scale, as a representation learns from it."""

    x: FloatArray  # (n_sample, n_feature) standardised, NaN missing
    counts: Counts | None = None


class Code(Protocol):
    """A fitted representation: from values to factors and back.

    Members are the networks of several seeds; what has no seed has one member.
    """

    @property
    def n_factor(self) -> int:
        """Number of factors."""
        ...

    @property
    def best(self) -> int:
        """The member whose factors are handed on."""
        ...

    def encode(
        self,
        x: FloatArray,  # (n_sample, n_feature) standardised, NaN missing
    ) -> FloatArray:  # (n_member, n_sample, n_factor)
        """Return the factors."""
        ...

    def decode(
        self,
        z: FloatArray,  # (n_member, n_sample, n_factor)
    ) -> FloatArray:  # (n_member, n_sample, n_feature) standardised
        """Return the values that factors stand for."""
        ...


class Kind(Protocol):
    """A specification of a representation: frozen, holds nothing learned."""

    def fit(self, values: Values, *, rng: np.random.Generator) -> Code:
        """Learn from training rows."""
        ...
