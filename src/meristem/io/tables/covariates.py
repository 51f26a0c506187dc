"""Read fixed effects and covariates: columns of numbers, columns of classes."""

from __future__ import annotations

import numpy as np

from meristem.config.stages import CovariateConfig
from meristem.errors import DataError
from meristem.io.tables.trait_columns import refuse_numbers_in_words
from meristem.records import Covariates, FloatArray, StrArray
from meristem.records.covariates import CLASS, NUMBER, RANDOM
from meristem.text.column_names import line_column, named_column
from meristem.text.columns import LARGEST, Table, read_table


def covariate_columns(
    table: Table, config: CovariateConfig, missing: tuple[str, ...] = ()
) -> Covariates:
    """Return the columns that the configuration names, one row per row of the table.

    Parameters
    ----------
    table
        The phenotype table, or a table of its own.
    config
        Names and roles. A column of words is a class; one of numbers is a number,
        unless it is among `classes` or is `random`.
    missing
        Codes of a missing value beside the usual ones.

    Raises
    ------
    ConfigError
        If a column is not there.
    DataError
        If a column holds numbers and words and is not named a class, or one value
        alone.
    """
    names = [named_column(table, name, "covariates") for name in config.names]
    shape = (table.n_row, len(names))
    number, labels = np.full(shape, np.nan), []
    role = []
    codes = {code.strip().lower() for code in missing}
    for place, name in enumerate(names):
        if name == config.random:
            kind = RANDOM
        elif name in config.classes or table.is_label_column(name, missing):
            kind = CLASS
            if name not in config.classes:
                refuse_numbers_in_words(table, name)
        else:
            kind = NUMBER
        role.append(kind)
        if kind == NUMBER:
            number[:, place] = _numbers(table, name, missing)
            labels.append(np.full(table.n_row, ""))
        else:
            found = table.labels(name)
            empty = np.isin(np.char.lower(found), sorted(codes))
            labels.append(np.where(empty, "", found))
    label = np.column_stack(labels) if labels else np.empty(shape, dtype="U1")
    columns = np.array(names, dtype=np.str_)
    covariates = Covariates(
        columns, np.array(role, dtype=np.str_), number, label, config.pcs
    )
    _refuse_constant(covariates, table)
    return covariates


def read_covariate_table(config: CovariateConfig) -> tuple[StrArray, Covariates]:
    """Read a table of covariates of its own: ids, and one row of values for each.

    Raises
    ------
    DataError
        If the file cannot be read, or a line stands in several rows that differ.
    ConfigError
        If a column is not there.
    """
    assert config.path is not None
    table = read_table(config.path)
    line = line_column(table, config.line, "covariates.line")
    sample_id = table.identifiers(line)
    found = covariate_columns(table, config)
    first: dict[str, int] = {}
    for row, name in enumerate(sample_id.tolist()):
        before = first.setdefault(name, row)
        if not _same(found, before, row):
            raise DataError(
                f"line {name!r} has other covariates than in line "
                f"{table.place(before).rsplit(' ', 1)[-1]}",
                where=table.place(row),
                remedy="keep one row per line; covariates of single records stand in "
                "the phenotype table (leave `covariates.path` out)",
            )
    rows = np.array(list(first.values()))
    return sample_id[rows], found.take(rows)


def _same(found: Covariates, one: int, other: int) -> bool:
    numbers = np.array_equal(found.number[one], found.number[other], equal_nan=True)
    return numbers and np.array_equal(found.label[one], found.label[other])


def _numbers(table: Table, name: str, missing: tuple[str, ...]) -> FloatArray:
    try:
        return table.numbers(name, missing, largest=LARGEST)
    except DataError as error:
        raise DataError(
            f"covariate {name!r}: {error.what}",
            where=error.where,
            remedy="write a number, leave the cell empty, or name the column in "
            "`covariates.classes`",
        ) from error


def _refuse_constant(found: Covariates, table: Table) -> None:
    missing = found.missing
    for place, name in enumerate(found.column_name.tolist()):
        known = ~missing[:, place]
        number = found.role[place] == NUMBER
        cells = (found.number if number else found.label)[known, place]
        if np.unique(cells).size < 2:
            held = f"holds {cells[0]} alone" if cells.size else "holds no value"
            raise DataError(
                f"covariate {name!r} {held}",
                where=f"{table.path}, column {name!r}",
                remedy="leave it out of [covariates]",
            )
