"""Targets of a training set: which rows count for each, and the inner splits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.errors import DataError
from meristem.mixed.fixed.independent import independent_columns
from meristem.mixed.noise import Noise
from meristem.records import FloatArray, IntArray, Phenotypes, Splits
from meristem.stats.folds import random_splits

MIN_ROWS = 3
"""A target needs this many observed values."""


@dataclass(frozen=True)
class Target:
    """The observed values of one target."""

    column: int  # position in Phenotypes
    rows: IntArray  # (n_observed,) rows of the training set
    y: FloatArray  # (n_observed,)
    weight: FloatArray  # (n_observed,) mean 1
    fixed: FloatArray | None = None  # (n_observed, n_fixed) whose effects y has lost
    error: FloatArray | None = None  # (n_observed, n_observed) covariance of the errors
    known_scale: bool = False  # whether `error` is so itself, not up to a factor

    @property
    def signature(self) -> bytes:
        """Equal for targets that share rows and weights, and have no more errors."""
        own = b"" if self.error is None else str(self.column).encode()
        return self.rows.tobytes() + self.weight.tobytes() + own

    @property
    def noise(self) -> Noise:
        """Covariance of the errors: of weights, or beside or along with `error`."""
        if self.error is None:
            return Noise(1 / self.weight)
        if self.known_scale:
            return Noise(np.ones(self.rows.size), self.error)
        return Noise(self.error * np.mean(1 / np.diag(self.error)))

    def take(self, index: IntArray) -> Target:
        """Return the values at `index`, with their weights as they are."""
        return Target(
            self.column,
            self.rows[index],
            self.y[index],
            self.weight[index],
            None if self.fixed is None else self.fixed[index],
            None if self.error is None else self.error[np.ix_(index, index)],
            self.known_scale,
        )

    @property
    def design(self) -> FloatArray:  # (n_observed, 1 + n_kept)
        """Fixed effects: the intercept and, independent of it, what y has lost."""
        ones = np.ones((self.rows.size, 1))
        if self.fixed is None:
            return ones
        columns = np.column_stack([ones, self.fixed])
        return columns[:, independent_columns(columns)]


def training_targets(
    phenotypes: Phenotypes, *, correlated: bool = False
) -> tuple[Target, ...]:
    """Return every target with its own observed rows and weights of mean 1.

    With `correlated` they have the covariance of their errors too, where it is given.

    Raises
    ------
    DataError
        If a target has fewer than three values among the training rows.
    """
    targets = []
    for column, name in enumerate(phenotypes.target_name):
        value = phenotypes.value[:, column]
        rows = np.flatnonzero(~np.isnan(value))
        if rows.size < MIN_ROWS:
            raise DataError(
                f"{name} has {rows.size} values among the training rows, "
                f"at least {MIN_ROWS} are needed",
                remedy="drop this target, or use fewer folds",
            )
        weight = phenotypes.weight[rows, column]
        fixed = None if phenotypes.fixed is None else phenotypes.fixed[rows]
        target = Target(column, rows, value[rows], weight / weight.mean(), fixed)
        given = phenotypes.errors[column] if phenotypes.errors else None
        if correlated and given is not None:
            place = given.row[rows]
            own = given.matrix[np.ix_(place, place)]
            target = replace(target, error=own, known_scale=given.known)
        targets.append(target)
    return tuple(targets)


def random_inner(n_sample: int, rng: np.random.Generator, folds: int = 5) -> Splits:
    """Return random inner folds, for when the caller gave none."""
    return random_splits(n_sample, folds, rng)


def target_splits(
    inner: Splits,
    rows: IntArray,  # (n_observed,) sorted
) -> list[tuple[IntArray, IntArray]]:
    """Return the inner splits as positions within the observed rows of a target.

    Raises
    ------
    DataError
        If no split keeps observed rows on both sides.
    """
    local = []
    for split in inner:
        train = np.flatnonzero(np.isin(rows, split.train))
        test = np.flatnonzero(np.isin(rows, split.test))
        if train.size >= 2 and test.size >= 1:
            local.append((train, test))
    if not local:
        raise DataError(
            "no inner split has observed values on both sides",
            remedy="use another scheme or fewer inner folds",
        )
    return local
