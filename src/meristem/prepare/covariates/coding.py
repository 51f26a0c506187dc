"""Columns of numbers and classes as a design, learned on training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import Covariates, FloatArray, IntArray, StrArray
from meristem.records.covariates import CLASS, NUMBER, RANDOM

MISSING_LEVEL = "(missing)"
"""Level of the rows of a class that have none, and name of a number's flag."""


@dataclass(frozen=True)
class CovariateCode:
    """How columns become a design; every column of it has mean 0 on the training rows.

    Row 0 of a design is therefore the average of the training rows. A number is in
    units of its training standard deviation; where it is missing it takes its mean,
    and a flag of its own if training rows lack it too. A class has a column for every
    level but the most frequent one; rows without a level are a level, if training rows
    lack it too. A level that no training row has takes the average.
    """

    column: StrArray  # (n_design,) the covariate
    level: StrArray  # (n_design,) of a class; "" for a slope
    centre: FloatArray  # (n_design,)
    scale: FloatArray  # (n_design,) 1 but for slopes
    known: tuple[tuple[str, ...], ...]  # per covariate: levels of training rows
    random: tuple[str, ...] = ()  # levels of the random class

    @property
    def n_design(self) -> int:
        """Number of columns of a design."""
        return int(self.column.size)

    def design(self, covariates: Covariates) -> FloatArray:  # (n_row, n_design)
        """Return the design of any rows."""
        out = np.zeros((covariates.n_row, self.n_design))
        for place, name in enumerate(covariates.column_name.tolist()):
            own = np.flatnonzero(self.column == name)
            if covariates.role[place] == NUMBER:
                raw = _number_design(covariates.number[:, place], self.level[own])
                shifted = (raw - self.centre[own]) / self.scale[own]
                slope = self.level[own] == ""
                out[:, own] = np.where(slope & np.isnan(raw), 0.0, shifted)
                continue
            level = _levels(covariates, place)
            hot = level[:, None] == self.level[own]
            seen = np.isin(level, self.known[place])
            out[:, own] = np.where(seen[:, None], hot - self.centre[own], 0.0)
        return out

    def unseen(self, covariates: Covariates) -> IntArray:  # (n_column,)
        """Return how many rows have a level that no training row has."""
        count = np.zeros(covariates.column_name.size, dtype=np.int64)
        for place in range(count.size):
            if covariates.role[place] != NUMBER:
                seen = np.isin(_levels(covariates, place), self.known[place])
                count[place] = (~seen & ~covariates.missing[:, place]).sum()
        return count

    def random_level(self, covariates: Covariates) -> IntArray:  # (n_row,) -1: unseen
        """Return the number of each row's level of the random class."""
        places = np.flatnonzero(covariates.role == RANDOM)
        if not places.size:
            return np.full(covariates.n_row, -1)
        number = {level: k for k, level in enumerate(self.random)}
        label = covariates.label[:, places[0]].tolist()
        return np.array([number.get(name, -1) for name in label], dtype=np.int64)


def learn_code(train: Covariates) -> CovariateCode:
    """Return the code of training rows.

    Examples
    --------
    >>> import numpy as np
    >>> sex = Covariates(
    ...     np.array(["sex"]), np.array(["class"]),
    ...     np.full((4, 1), np.nan), np.array([["F"], ["M"], ["F"], ["F"]]))
    >>> learn_code(sex).design(sex).ravel().tolist()
    [-0.25, 0.75, -0.25, -0.25]
    """
    column: list[str] = []
    level: list[str] = []
    parts, known = [], []
    random: tuple[str, ...] = ()
    for place, name in enumerate(train.column_name.tolist()):
        if train.role[place] == NUMBER:
            value = train.number[:, place]
            some = np.isnan(value).any() and not np.isnan(value).all()
            own = ["", MISSING_LEVEL] if some else [""]
            parts.append(_number_design(value, np.array(own)))
            known.append(())
        else:
            labels = _levels(train, place)
            names, count = np.unique(labels, return_counts=True)
            known.append(tuple(names.tolist()))
            if train.role[place] == RANDOM:
                random = tuple(one for one in names.tolist() if one != MISSING_LEVEL)
                continue
            own = np.delete(names, int(np.argmax(count))).tolist() if names.size else []
            parts.append((labels[:, None] == np.array(own, dtype=np.str_)) * 1.0)
        column += [name] * len(own)
        level += own
    raw = np.column_stack(parts) if parts else np.empty((train.n_row, 0))
    there = ~np.isnan(raw)
    count = np.maximum(there.sum(axis=0), 1)
    centre = np.where(there, raw, 0.0).sum(axis=0) / count
    square = np.where(there, (raw - centre) ** 2, 0.0).sum(axis=0) / count
    slope = np.array([one == "" for one in level], dtype=bool)
    scale = np.where(slope & (square > 0), np.sqrt(square), 1.0)
    names = np.array(column, dtype=np.str_)
    levels = np.array(level, dtype=np.str_)
    return CovariateCode(names, levels, centre, scale, tuple(known), random)


def _number_design(value: FloatArray, level: StrArray) -> FloatArray:
    """Return the values, and beside them a flag where the design has one."""
    columns = [value if one == "" else np.isnan(value) * 1.0 for one in level.tolist()]
    return np.column_stack(columns) if columns else np.empty((value.size, 0))


def _levels(covariates: Covariates, place: int) -> StrArray:
    assert covariates.role[place] in (CLASS, RANDOM)
    label = covariates.label[:, place]
    return np.where(label == "", MISSING_LEVEL, label)
