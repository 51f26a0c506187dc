"""Read covariates of the environments."""

from __future__ import annotations

import numpy as np

from meristem.config.stages import EnvironmentConfig
from meristem.errors import DataError
from meristem.records import Environments
from meristem.text.column_names import ENVIRONMENT, PLACE, find_column
from meristem.text.columns import LARGEST, read_table


def read_environments(config: EnvironmentConfig) -> Environments:
    """Read a table with one row per environment and numeric covariates.

    Columns of words alone (country, soil type) are left out.

    Parameters
    ----------
    config
        The file.

    Returns
    -------
    Environments
        Covariates, NaN where missing.

    Raises
    ------
    DataError
        If the file cannot be read, has no environment column or no covariate, an
        environment occurs twice, or a covariate is not a finite number.
    """
    table = read_table(config.path)
    key = find_column(table, [*ENVIRONMENT, *PLACE])
    if key is None and table.column_name[0] == "":
        key = ""
    if key is None:
        raise DataError(
            "no column of environment names was found",
            where=table.path,
            remedy="call it `environment`",
        )
    names = [
        name
        for name in table.column_name
        if name != key and not table.is_label_column(name)
    ]
    if not names:
        raise DataError(
            "has no numeric covariate",
            where=table.path,
            remedy="add columns of numbers, one per covariate",
        )
    environment = np.char.strip(table.identifiers(key))
    _, first, count = np.unique(environment, return_index=True, return_counts=True)
    if (count > 1).any():
        name = environment[first[count > 1][0]]
        row = int(np.flatnonzero(environment == name)[1])
        raise DataError(
            f"environment {str(name)!r} occurs more than once",
            where=table.place(row),
            remedy="keep one row per environment",
        )
    value = np.column_stack([table.numbers(name, largest=LARGEST) for name in names])
    return Environments(environment, np.array(names), value, str(table.path))
