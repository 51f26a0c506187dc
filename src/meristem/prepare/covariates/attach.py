"""Which covariates are of lines and which of single records, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.prepare.by_environment import ENVIRONMENT, LINE, is_stacked
from meristem.records import (
    Covariates,
    Dataset,
    IntArray,
    Observations,
    StrArray,
)
from meristem.records.covariates import NUMBER, RANDOM, no_columns

Rows = Literal["line", "line_environment", "record"]


@dataclass(frozen=True)
class RowCovariates:
    """Covariates of lines, or of lines in environments."""

    sample_id: StrArray  # (n_row,)
    environment: StrArray  # (n_row,) "" for all
    covariates: Covariates


def row_covariates(observations: Observations, by: Rows) -> RowCovariates | None:
    """Return the columns that have one value per row of the data set.

    None where the observations have no covariates.
    """
    found = observations.covariates
    if found is None:
        return None
    unit = _unit(observations, by)
    columns = np.flatnonzero(~_varies(found, unit))
    first = _first_known(found.take_columns(columns), unit)
    unique, row = np.unique(unit, return_index=True)
    del unique
    environment = observations.environment[row]
    if by != "record":
        environment = np.full(row.size, "")
    return RowCovariates(observations.sample_id[row], environment, first)


def record_covariates(observations: Observations, by: Rows) -> Observations:
    """Return the observations with those columns alone that differ within rows.

    Raises
    ------
    DataError
        If a column differs between the values of a line, but not among those that are
        adjusted together, or such a column is asked for as random.
    """
    found = observations.covariates
    if found is None:
        return observations
    columns = np.flatnonzero(_varies(found, _unit(observations, by)))
    if not columns.size:
        return replace(observations, covariates=None)
    found = found.take_columns(columns)
    parts = [observations.sample_id, observations.trait]
    parts += [observations.environment] if by != "line" else []
    within = _varies(found, _numbered(parts))
    for place, name in enumerate(found.column_name.tolist()):
        _refuse_unusable(observations, name, bool(within[place]), by)
        if found.role[place] == RANDOM:
            raise DataError(
                f"covariate {name!r} differs within lines and cannot be random",
                where=observations.source,
                remedy="name it in covariates.classes: lines in several of its levels "
                "tell their effects",
            )
    return replace(observations, covariates=found)


def _refuse_unusable(
    observations: Observations, name: str, within: bool, by: Rows
) -> None:
    if within:
        return
    if by == "line_environment":
        remedy = 'use phenotypes.by = "record", where each environment is a row'
    else:
        remedy = "analyse one trait at a time (phenotypes.traits)"
    raise DataError(
        f"covariate {name!r} differs between the values of a line, but not among "
        "those that are adjusted together",
        where=observations.source,
        remedy=remedy,
    )


def attach_covariates(
    dataset: Dataset, rows: RowCovariates | None, n_axis: int
) -> Dataset:
    """Return the data set with the covariates of its rows.

    Rows of lines without covariates have none: all their cells are missing.
    """
    if rows is None:
        return replace(dataset, covariates=no_columns(dataset.n_sample, n_axis))
    name, environment = dataset.sample_id, np.full(dataset.n_sample, "")
    if dataset.groups is not None and is_stacked(dataset):
        name = dataset.groups.column(LINE)
        environment = dataset.groups.column(ENVIRONMENT)
    if not (rows.environment != "").any():
        environment = np.full(dataset.n_sample, "")
    keys = zip(rows.sample_id.tolist(), rows.environment.tolist(), strict=True)
    place = {key: row for row, key in enumerate(keys)}
    asked = zip(name.tolist(), environment.tolist(), strict=True)
    row = np.array([place.get(key, -1) for key in asked], dtype=np.int64)
    covariates = replace(rows.covariates.spread_over(row), n_axis=n_axis)
    return replace(dataset, covariates=covariates)


def _unit(observations: Observations, by: Rows) -> IntArray:  # (n_obs,)
    parts = [observations.sample_id]
    return _numbered(parts + ([observations.environment] if by == "record" else []))


def _numbered(parts: list[StrArray]) -> IntArray:
    number = np.zeros(parts[0].size, dtype=np.int64)
    for part in parts:
        _, code = np.unique(part, return_inverse=True)
        number = number * (int(code.max(initial=0)) + 1) + code
        _, number = np.unique(number, return_inverse=True)
    return number


def _codes(found: Covariates) -> IntArray:  # (n_row, n_column) -1 missing
    out = np.empty((found.n_row, found.column_name.size), dtype=np.int64)
    missing = found.missing
    for place in range(out.shape[1]):
        cells = found.number if found.role[place] == NUMBER else found.label
        _, out[:, place] = np.unique(cells[:, place], return_inverse=True)
    out[missing] = -1
    return out


def _varies(found: Covariates, unit: IntArray) -> NDArray[np.bool_]:  # (n_column,)
    """Tell which columns have two values in one unit; missing cells tell nothing."""
    codes = _codes(found)
    n_unit = int(unit.max(initial=-1)) + 1
    result = np.zeros(codes.shape[1], dtype=bool)
    for place, code in enumerate(codes.T):
        known = code >= 0
        low = np.full(n_unit, codes.shape[0], dtype=np.int64)
        high = np.full(n_unit, -1, dtype=np.int64)
        np.minimum.at(low, unit[known], code[known])
        np.maximum.at(high, unit[known], code[known])
        result[place] = bool((high > np.minimum(low, high)).any())
    return result


def _first_known(found: Covariates, unit: IntArray) -> Covariates:  # by unit number
    n_unit = int(unit.max(initial=-1)) + 1
    columns = []
    missing = found.missing
    for place in range(found.column_name.size):
        row = np.full(n_unit, found.n_row, dtype=np.int64)
        known = np.flatnonzero(~missing[:, place])
        np.minimum.at(row, unit[known], known)
        row[row == found.n_row] = -1
        columns.append(found.take_columns(np.array([place])).spread_over(row))
    if not columns:
        return no_columns(n_unit, found.n_axis)
    return replace(
        found,
        number=np.column_stack([one.number for one in columns]),
        label=np.column_stack([one.label for one in columns]),
    )
