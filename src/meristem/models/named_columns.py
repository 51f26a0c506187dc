"""Named columns of a data frame as covariates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from meristem.records import Covariates
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
