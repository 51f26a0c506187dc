"""Read phenotype tables, long or wide, as single observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.stages import PhenotypeConfig
from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, Observations, StrArray
from meristem.text.column_names import (
    ENVIRONMENT,
    LABEL,
    PLACE,
    REPLICATE,
    SEASON,
    STANDARD_ERROR,
    TRAIT,
    VALUE,
    WEIGHT,
    find_column,
    is_called,
    line_column,
    named_column,
)
from meristem.text.columns import Table, read_table


@dataclass(frozen=True)
class _Design:
    """The columns that say what a value is, "" when there is none."""

    line: str
    environment: tuple[str, ...]  # joined with "_" when several
    replicate: str
    trait: str
    value: str
    weight: str
    standard_error: str

    @property
    def used(self) -> set[str]:
        single = {self.replicate, self.weight, self.standard_error} - {""}
        return single | {self.line, *self.environment}


def read_observations(config: PhenotypeConfig) -> Observations:
    r"""Read a phenotype table.

    Long layout: one value per row, with columns for trait and value. Wide layout:
    every column that holds a number is a trait, unless `traits` names them; columns
    of words alone, and those called family, plot, row and the like, are labels and
    are left out. The layout is long when columns for
    trait and value are found. Where several columns could be the environment, an
    environment or trial column is taken before location and year, which are joined
    with `_`. Weights and standard errors are looked for by name in the long layout
    only, for a wide table may have a trait called weight.

    Standard errors are kept as they are: what weight they give is learned from
    training rows (`prepare.adjust`).

    Parameters
    ----------
    config
        File, layout, and columns that are not called by a usual name.

    Returns
    -------
    Observations
        One row per value, missing ones (NaN) included.

    Raises
    ------
    DataError
        If the file cannot be read, a value is not a finite number, an id is empty,
        or there is no value at all; with file, line and column.
    ConfigError
        If a column, trait or environment named in the configuration is not there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "wide.csv"
    >>> _ = path.write_text("line,yield,height\n007,4.1,90\n008,,85\n")
    >>> read_observations(PhenotypeConfig(path=path)).trait.tolist()
    ['yield', 'yield', 'height', 'height']
    """
    table = read_table(config.path)
    design = _find_design(table, config)
    observations = (
        _long(table, design) if design.value else _wide(table, design, config)
    )
    observations = _choose(observations, config)
    if np.isnan(observations.value).all():
        raise DataError(
            "holds no phenotype value at all",
            where=config.path,
            remedy="check the columns; name them in the configuration if need be",
        )
    return observations


def _find_design(table: Table, config: PhenotypeConfig) -> _Design:
    def named(field: str, usual: list[str]) -> str:
        given = str(getattr(config, field))
        if given:
            return named_column(table, given, f"phenotypes.{field}")
        return find_column(table, usual) or ""

    line = line_column(table, config.line, "phenotypes.line")
    trait, value = named("trait", TRAIT), named("value", VALUE)
    is_long = config.layout == "long" or (
        config.layout == "auto" and bool(value) and bool(trait or config.value)
    )
    if is_long and not value:
        raise DataError(
            "is read as long layout but has no column of values",
            where=table.path,
            remedy="call it `value`, or set `phenotypes.value`",
        )
    return _Design(
        line=line,
        environment=_environment_columns(table, config, line),
        replicate=named("replicate", REPLICATE),
        trait=trait if is_long else "",
        value=value if is_long else "",
        weight=named("weight", WEIGHT if is_long else []),
        standard_error=named("standard_error", STANDARD_ERROR if is_long else []),
    )


def _environment_columns(
    table: Table, config: PhenotypeConfig, line: str
) -> tuple[str, ...]:
    if config.environment:
        given = named_column(table, config.environment, "phenotypes.environment")
        return (given,)
    found = [find_column(table, ENVIRONMENT)]
    if found == [None]:
        found = [find_column(table, PLACE), find_column(table, SEASON)]
    return tuple(name for name in found if name is not None and name != line)


def _design_labels(
    table: Table, design: _Design
) -> tuple[StrArray, StrArray, StrArray]:  # line, environment, replicate
    line = table.identifiers(design.line)
    parts = [table.labels(name) for name in design.environment]
    environment = np.full(table.n_row, "", dtype=np.str_) if not parts else parts[0]
    for part in parts[1:]:
        environment = np.char.add(np.char.add(environment, "_"), part)
    if design.replicate:
        return line, environment, table.labels(design.replicate)
    return line, environment, np.full(table.n_row, "", dtype=np.str_)


def _long(table: Table, design: _Design) -> Observations:
    line, environment, replicate = _design_labels(table, design)
    if design.trait:
        trait = table.labels(design.trait)
        empty = np.flatnonzero(trait == "")
        if empty.size:
            raise DataError(
                "the trait has no name",
                where=table.place(int(empty[0]), design.trait),
                remedy="name the trait in every row",
            )
    else:
        trait = np.full(table.n_row, design.value)
    value = table.numbers(design.value)
    return Observations(
        line,
        environment,
        replicate,
        trait,
        value,
        _weights(table, design, value),
        str(table.path),
        _standard_errors(table, design),
    )


def _wide(table: Table, design: _Design, config: PhenotypeConfig) -> Observations:
    if config.traits:
        traits = [named_column(table, t, "phenotypes.traits") for t in config.traits]
    else:
        traits = [
            name
            for name in table.column_name
            if name not in design.used and not _is_label(table, name)
        ]
    if not traits:
        raise DataError(
            "has no column of numbers that could be a trait",
            where=table.path,
            remedy="give wide traits one column each, or use columns trait and value",
        )
    line, environment, replicate = _design_labels(table, design)
    values = [table.numbers(name) for name in traits]
    weights = [_weights(table, design, value) for value in values]
    error = _standard_errors(table, design)
    return Observations(
        sample_id=np.tile(line, len(traits)),
        environment=np.tile(environment, len(traits)),
        replicate=np.tile(replicate, len(traits)),
        trait=np.repeat(np.array(traits), table.n_row),
        value=np.concatenate(values),
        weight=np.concatenate(weights),
        source=str(table.path),
        standard_error=None if error is None else np.tile(error, len(traits)),
    )


def _is_label(table: Table, name: str) -> bool:
    return is_called(name, LABEL) or table.is_label_column(name)


def _weights(
    table: Table,
    design: _Design,
    value: FloatArray,  # (n_row,)
) -> FloatArray:  # (n_row,)
    if not design.weight:
        return np.ones(table.n_row)
    weight = table.numbers(design.weight)
    _refuse_rows(
        table, design.weight, ~np.isnan(value) & ~(weight > 0), "the weight is not"
    )
    return np.where(weight > 0, weight, 1.0)


def _standard_errors(table: Table, design: _Design) -> FloatArray | None:  # (n_row,)
    if design.weight or not design.standard_error:
        return None
    error = table.numbers(design.standard_error)
    _refuse_rows(table, design.standard_error, error < 0, "the standard error is not")
    return error


def _refuse_rows(table: Table, name: str, wrong: np.ndarray, what: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise DataError(
            f"{what} a positive number",
            where=table.place(int(rows[0]), name),
            remedy="correct the cell, or leave the column out of the configuration",
        )


def _choose(observations: Observations, config: PhenotypeConfig) -> Observations:
    keep = np.ones(observations.value.size, dtype=bool)
    chosen = {"trait": config.traits, "environment": config.environments}
    for field, wanted in chosen.items():
        labels = getattr(observations, field)
        unknown = [name for name in wanted if name not in labels]
        if unknown:
            known = ", ".join(map(str, np.unique(labels)[:12]))
            raise ConfigError(
                f"phenotypes.{field}s names {unknown[0]!r}, which is not there",
                where=config.path,
                remedy=f"use some of: {known}",
            )
        if wanted:
            keep &= np.isin(labels, wanted)
    if keep.all():
        return observations
    error = observations.standard_error
    return Observations(
        observations.sample_id[keep],
        observations.environment[keep],
        observations.replicate[keep],
        observations.trait[keep],
        observations.value[keep],
        observations.weight[keep],
        observations.source,
        None if error is None else error[keep],
    )
