"""Read phenotype tables, long or wide, as single observations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.config.stages import CovariateConfig, PhenotypeConfig
from meristem.errors import ConfigError, DataError
from meristem.io.tables.covariates import covariate_columns
from meristem.io.tables.plausible import refuse_codes, refuse_scale
from meristem.io.tables.trait_columns import (
    FEWEST_ROWS,
    MOST_TRAITS,
    choose_traits,
)
from meristem.records import FloatArray, Observations, StrArray
from meristem.text.column_names import (
    ENVIRONMENT,
    PLACE,
    REPLICATE,
    SEASON,
    STANDARD_ERROR,
    TRAIT,
    VALUE,
    WEIGHT,
    find_column,
    line_column,
    named_column,
)
from meristem.text.columns import LARGEST, Table, read_table

MOST_REPLICATES = 3_000
"""Replicates within environments: each is an effect that is estimated."""

MOST_RATIO = 1e12
"""Largest ratio of two weights (of variances of errors) that can be computed with."""


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


def read_observations(
    config: PhenotypeConfig, covariates: CovariateConfig | None = None
) -> Observations:
    r"""Read a phenotype table.

    Long layout: one value per row, with columns for trait and value. Wide layout:
    every column that holds a number is a trait, unless `traits` names them; columns
    of words alone, those called family, plot, entry number and the like, and those
    that count the rows, are labels and are left out. So is a trait with no value, or
    with the same in `FEWEST_ROWS` cells and more, where others vary. The layout is
    long when columns for trait and value are found. Where several columns could be
    the environment, an environment or trial column is taken before location and year,
    which are joined with `_`. Weights and standard errors are looked for by name in
    the long layout only, for a wide table may have a trait called weight.

    Standard errors are kept as they are: what weight they give is learned from
    training rows (`prepare.adjust`).

    Parameters
    ----------
    config
        File, layout, and columns that are not called by a usual name.
    covariates
        Columns of the same table that values are adjusted for; they are no traits.

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
    return read_phenotype_table(config, covariates)[0]


def read_phenotype_table(
    config: PhenotypeConfig, covariates: CovariateConfig | None = None
) -> tuple[Observations, dict[str, str]]:
    """Return what `read_observations` does, and why each other column is no trait."""
    table = read_table(config.path)
    design = _find_design(table, config)
    _refuse_repeated_iid(table, design.line)
    missing = config.missing or ()
    beside = () if covariates is None else covariates.beside_phenotypes
    adjusting = {named_column(table, name, "covariates") for name in beside}
    rows = adjusting & {design.line, *design.environment}
    if rows:
        raise ConfigError(
            f"{sorted(rows)[0]!r} tells the rows apart, and is no covariate",
            where="covariates",
            remedy="leave it out: environments are adjusted for anyway",
        )
    if design.value:
        observations = _long(table, design, missing)
        used = design.used | {design.trait, design.value} | adjusting
        left_out = dict.fromkeys(
            (name for name in table.column_name if name not in used),
            "the table is long: a trait stands in rows",
        )
    else:
        observations, left_out = _wide(table, design, config, adjusting)
    if covariates is not None and beside:
        columns = covariate_columns(table, covariates, missing)
        row = np.resize(np.arange(table.n_row), observations.value.size)
        observations = replace(observations, covariates=columns.take(row))
    observations = _choose(observations, config)
    _refuse_many_replicates(observations)
    if np.isnan(observations.value).all():
        raise DataError(
            "holds no phenotype value at all",
            where=config.path,
            remedy="check the columns; name them in the configuration if need be",
        )
    if config.missing is None:
        refuse_codes(observations)
    refuse_scale(observations)
    observations, idle = _set_aside(observations, config.traits)
    unknown = sorted(set(config.units) - set(observations.trait.tolist()) - set(idle))
    if unknown:
        raise ConfigError(
            f"phenotypes.units names {unknown[0]!r}, which is no trait here",
            where=config.path,
            remedy=f"use some of: {', '.join(map(str, np.unique(observations.trait)))}",
        )
    return observations, left_out | idle


def _refuse_repeated_iid(table: Table, line: str) -> None:
    """Refuse a table of PLINK's in which families use the same individual ids."""
    family = find_column(table, ["fid", "familyid"])
    if family is None or not line or find_column(table, ["iid"]) != line:
        return
    names, families = table.identifiers(line).tolist(), table.labels(family).tolist()
    first: dict[str, str] = {}
    for row, (name, of) in enumerate(zip(names, families, strict=True)):
        if first.setdefault(name, of) != of:
            raise DataError(
                f"{name!r} is an individual of the families {first[name]!r} and "
                f"{of!r}: {line} alone does not tell lines apart",
                where=table.place(row, line),
                remedy=f"write a column `line` that joins both (such as {of}_{name}, "
                "as genotypes of PLINK are named then)",
            )


def _refuse_many_replicates(observations: Observations) -> None:
    cells = set(
        zip(
            observations.environment.tolist(),
            observations.replicate.tolist(),
            strict=True,
        )
    )
    n_trait = len(set(observations.trait.tolist()))
    for n, most, what in (
        (len(cells), MOST_REPLICATES, "replicates in environments"),
        (n_trait, MOST_TRAITS, "traits"),
    ):
        if n > most:
            raise DataError(
                f"has {n:,} {what}; at most {most:,} can be adjusted for",
                where=observations.source,
                remedy="name the columns in the configuration (phenotypes.replicate, "
                "environment, trait): a label of plots is no replicate; or give "
                "means, or fewer traits",
            )


def _set_aside(
    observations: Observations, named: tuple[str, ...]
) -> tuple[Observations, dict[str, str]]:
    """Drop traits that hold nothing to learn, where others do and none is named."""
    idle: dict[str, str] = {}
    names = dict.fromkeys(observations.trait.tolist())
    for name in names:
        value = observations.value[observations.trait == name]
        value = value[~np.isnan(value)]
        if value.size == 0:
            idle[name] = "it holds no value"
        elif value.size >= FEWEST_ROWS and (value == value[0]).all():
            idle[name] = f"all {value.size} values are {value[0]:g}"
    if named or len(idle) == len(names):
        return observations, {}
    return _keep(observations, ~np.isin(observations.trait, list(idle))), idle


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
    # a covariance of the errors gives the weights
    weighed = is_long and not config.error_files
    design = _Design(
        line=line,
        environment=_environment_columns(table, config, line),
        replicate=named("replicate", REPLICATE),
        trait=trait if is_long else "",
        value=value if is_long else "",
        weight=named("weight", WEIGHT if weighed else []),
        standard_error=named("standard_error", STANDARD_ERROR if weighed else []),
    )
    asked = (design.trait, design.value, design.weight, design.standard_error)
    repeated = [name for name in asked if name and (*asked, line).count(name) > 1]
    if repeated:
        raise DataError(
            f"the column {repeated[0]!r} is asked for as two things",
            where=table.path,
            remedy="name another column in [phenotypes]",
        )
    return design


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


def _long(table: Table, design: _Design, missing: tuple[str, ...]) -> Observations:
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
    value = _values(table, design.value, missing)
    return Observations(
        line,
        environment,
        replicate,
        trait,
        value,
        _weights(table, design, value),
        str(table.path),
        _standard_errors(table, design, ~np.isnan(value)),
    )


def _values(table: Table, name: str, missing: tuple[str, ...]) -> FloatArray:
    return table.numbers(name, missing, setting="phenotypes.missing", largest=LARGEST)


def _wide(
    table: Table, design: _Design, config: PhenotypeConfig, adjusting: set[str]
) -> tuple[Observations, dict[str, str]]:
    missing = config.missing or ()
    used = design.used | adjusting
    if config.traits:
        traits = [named_column(table, t, "phenotypes.traits") for t in config.traits]
        rest = set(table.column_name) - used - set(traits)
        why = "phenotypes.traits does not name it"
        left_out = {name: why for name in table.column_name if name in rest}
    else:
        traits, left_out = choose_traits(table, used, missing)
    if not traits:
        reasons = [f"{name}: {why}" for name, why in list(left_out.items())[:5]]
        raise DataError(
            "has no column of numbers that could be a trait"
            + (f" ({'; '.join(reasons)})" if reasons else ""),
            where=table.path,
            remedy="give wide traits one column each, or use columns trait and value, "
            "or name the traits in `phenotypes.traits`",
        )
    line, environment, replicate = _design_labels(table, design)
    values = [_values(table, name, missing) for name in traits]
    weights = [_weights(table, design, value) for value in values]
    valued = (~np.isnan(np.stack(values))).any(axis=0)
    error = _standard_errors(table, design, np.asarray(valued))
    observations = Observations(
        sample_id=np.tile(line, len(traits)),
        environment=np.tile(environment, len(traits)),
        replicate=np.tile(replicate, len(traits)),
        trait=np.repeat(np.array(traits), table.n_row),
        value=np.concatenate(values),
        weight=np.concatenate(weights),
        source=str(table.path),
        standard_error=None if error is None else np.tile(error, len(traits)),
    )
    return observations, left_out


def _weights(
    table: Table,
    design: _Design,
    value: FloatArray,  # (n_row,)
) -> FloatArray:  # (n_row,)
    if not design.weight:
        return np.ones(table.n_row)
    weight = table.numbers(design.weight)
    valued = ~np.isnan(value)
    _refuse_rows(table, design.weight, valued & ~(weight > 0), "the weight is not")
    _refuse_range(table, design.weight, weight[valued], MOST_RATIO)
    return np.where(weight > 0, weight, 1.0)


def _standard_errors(
    table: Table,
    design: _Design,
    valued: np.ndarray,  # (n_row,) rows with a value
) -> FloatArray | None:  # (n_row,)
    if design.weight or not design.standard_error:
        return None
    error = table.numbers(design.standard_error)
    wrong = (error < 0) | (valued & (error == 0))  # no value is known without error
    _refuse_rows(table, design.standard_error, wrong, "the standard error is not")
    _refuse_range(table, design.standard_error, error[valued], MOST_RATIO**0.5)
    return error


def _refuse_range(table: Table, name: str, value: FloatArray, most: float) -> None:
    value = value[~np.isnan(value)]
    if value.size and value.max() / most > value.min():
        raise DataError(
            f"runs from {value.min():g} to {value.max():g}: more than {most:g} times",
            where=f"{table.path}, column {name!r}",
            remedy="correct the smallest or the largest; a value that is hardly known "
            "is better left empty",
        )


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
    return _keep(observations, keep)


def _keep(observations: Observations, keep: NDArray[np.bool_]) -> Observations:
    if keep.all():
        return observations
    columns = vars(observations).items()
    kept: dict[str, Any] = {k: v[keep] for k, v in columns if isinstance(v, np.ndarray)}
    covariates = observations.covariates
    kept["covariates"] = covariates and covariates.take(keep)
    return replace(observations, **kept)
