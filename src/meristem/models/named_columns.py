"""Named columns: of a data frame as covariates, of omics as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.records import Covariates, FloatArray, OmicsTable, StrArray
from meristem.records.covariates import CLASS, NUMBER


def covariate_columns(frame: Any, names: tuple[str, ...]) -> Covariates:
    """Return named columns of a data frame as numbers or, of words, as classes.

    Raises
    ------
    ValueError
        If a number is infinite.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["F", None], "age": [3, 5]})
    >>> covariate_columns(frame, ("sex", "age")).role.tolist()
    ['class', 'number']
    """
    role, numbers, labels = [], [], []
    for name in names:
        column = frame[name]
        number = pd.api.types.is_numeric_dtype(column.dtype)
        number = number and not pd.api.types.is_bool_dtype(column.dtype)
        role.append(NUMBER if number else CLASS)
        size, missing = len(column), column.isna().to_numpy()
        value = column.to_numpy(dtype=np.float64, na_value=np.nan) if number else None
        if value is not None and np.isinf(value).any():
            raise ValueError(f"covariate {name!r} holds an infinite value")
        numbers.append(np.full(size, np.nan) if value is None else value)
        words = column.astype(str).to_numpy(dtype=np.str_)
        labels.append(np.full(size, "") if number else np.where(missing, "", words))
    return Covariates(
        np.array(names, dtype=np.str_),
        np.array(role),
        np.column_stack(numbers),
        np.column_stack(labels),
    )


@dataclass(frozen=True)
class OmicsScale:
    """Measured features by name, as standardised on the training rows."""

    name: StrArray  # (n_feature,) table/feature
    mean: FloatArray  # (n_feature,)
    sd: FloatArray  # (n_feature,) 1 where constant

    def apply(self, omics: tuple[OmicsTable, ...]) -> FloatArray:
        """Return the features of lines, 0 where missing: the mean of training."""
        return scaled(joined(omics, self.name), self.mean, self.sd)


def fit_omics_scale(omics: tuple[OmicsTable, ...]) -> OmicsScale:
    """Learn mean and sd of every feature of all tables.

    Raises
    ------
    DataError
        If there is no table.
    """
    if not omics:
        raise DataError(
            "this model needs measured omics and there are none",
            remedy="add an [[omics]] section, or leave the model out",
        )
    name = np.concatenate([feature_names(table) for table in omics])
    return OmicsScale(name, *column_moments(joined(omics, name)))


def feature_names(table: OmicsTable) -> StrArray:
    """Return `table/feature` for every feature."""
    return np.array([f"{table.name}/{feature}" for feature in table.feature_id])


def joined(
    omics: tuple[OmicsTable, ...],
    names: StrArray,  # (n_feature,) table/feature
) -> FloatArray:  # (n_sample, n_feature) NaN where missing
    """Return the features by name, NaN where a table does not have one."""
    if not omics:
        raise DataError(
            "this model needs measured omics of the lines it predicts",
            remedy="give omics, or use a deployable model",
        )
    value = np.concatenate([table.value for table in omics], axis=1)
    given = np.concatenate([feature_names(table) for table in omics]).tolist()
    place = {name: column for column, name in enumerate(given)}
    column_of = np.array([place.get(name, -1) for name in names.tolist()])
    return np.where(column_of >= 0, value[:, column_of], np.nan)


def column_moments(value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of every column over its values; sd 1 where constant."""
    seen = ~np.isnan(value)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, value, 0.0).sum(axis=0) / count
    centred = np.where(seen, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    return mean, np.where(sd > 1e-12 * np.abs(mean), sd, 1.0)


def scaled(value: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return standardised columns, 0 where missing."""
    return np.where(np.isnan(value), 0.0, (value - mean) / sd)
