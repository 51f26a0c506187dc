"""Read covariates of the environments."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from meristem.config.stages import EnvironmentConfig
from meristem.errors import DataError
from meristem.io.tables.seasons.season import Thresholds, season_covariates
from meristem.io.tables.seasons.weather import read_power
from meristem.records import Environments, FloatArray
from meristem.text.column_names import ENVIRONMENT, PLACE, SEASON, find_column
from meristem.text.columns import LARGEST, Table, read_table

WEATHER = "weather weatherfile power powerfile".split()
_DATES = (
    "sowing sowingdate planting plantingdate start".split(),
    "flowering floweringdate anthesis".split(),
    "harvest harvestdate maturity end".split(),
)


def read_environments(config: EnvironmentConfig) -> Environments:
    """Read a table with one row per environment and numeric covariates.

    Columns of words alone (country, soil type) are left out. Places that stand in
    several rows are joined with the column of years, as in phenotypes. With a column
    `weather` the covariates of the season come first, from the files named there.

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
    weather = find_column(table, WEATHER)
    dates = [] if weather is None else [find_column(table, d) for d in _DATES]
    names = [
        name
        for name in table.column_name
        if name not in (key, weather, *dates) and not table.is_label_column(name)
    ]
    if not names and weather is None:
        raise DataError(
            "has no numeric covariate",
            where=table.path,
            remedy="add columns of numbers, one per covariate",
        )
    environment = np.char.strip(table.identifiers(key))
    season = find_column(table, SEASON)
    if season in names and find_column(table, ENVIRONMENT) is None:
        # as phenotypes are joined that name a place and a season
        if np.unique(environment).size < environment.size:
            years = table.labels(season)
            environment = np.char.add(np.char.add(environment, "_"), years)
            names.remove(season)
    _, first, count = np.unique(environment, return_index=True, return_counts=True)
    if (count > 1).any():
        name = environment[first[count > 1][0]]
        row = int(np.flatnonzero(environment == name)[1])
        raise DataError(
            f"environment {str(name)!r} occurs more than once",
            where=table.place(row),
            remedy="keep one row per environment",
        )
    columns = {name: table.numbers(name, largest=LARGEST) for name in names}
    if weather is not None:
        columns = _seasons(table, weather, config) | columns
    value = np.column_stack(list(columns.values()))
    return Environments(environment, np.array(list(columns)), value, str(table.path))


def weather_files(config: EnvironmentConfig) -> tuple[Path, ...]:
    """Return the files of weather that a table of environments names."""
    table = read_table(config.path)
    column = find_column(table, WEATHER)
    if column is None:
        return ()
    named = dict.fromkeys(table.labels(column).tolist())
    return tuple(table.path.parent / name for name in named if name)


def _seasons(
    table: Table, weather: str, config: EnvironmentConfig
) -> dict[str, FloatArray]:
    """Return the covariates of every environment's season."""
    limits = Thresholds(
        config.base_temperature, config.cap_temperature, config.heat_temperature
    )
    files = np.char.strip(table.identifiers(weather)).tolist()
    read = {name: read_power(table.path.parent / name) for name in dict.fromkeys(files)}
    start, flowering, end = (_dates(table, usual) for usual in _DATES)
    if start is None or end is None:
        raise DataError(
            "the dates of the seasons are missing",
            where=table.path,
            remedy="add the columns sowing and harvest (2012-05-17)",
        )
    rows = []
    for row, name in enumerate(files):
        found = season_covariates(read[name], start[row], end[row], limits)
        if flowering is not None:
            early, late = (start[row], flowering[row]), (flowering[row], end[row])
            found |= season_covariates(read[name], *early, limits, "early_")
            found |= season_covariates(read[name], *late, limits, "late_")
        rows.append(found)
    shared = [name for name in rows[0] if all(name in found for found in rows)]
    return {name: np.array([found[name] for found in rows]) for name in shared}


def _dates(table: Table, usual: list[str]) -> list[int] | None:
    name = find_column(table, usual)
    if name is None:
        return None
    found = []
    for row, word in enumerate(table.text(name).tolist()):
        try:
            found.append(datetime.date.fromisoformat(word.strip()[:10]).toordinal())
        except ValueError as error:
            raise DataError(
                f"{word!r} is no date",
                where=table.place(row, name),
                remedy="write dates as 2012-05-17",
            ) from error
    return found
