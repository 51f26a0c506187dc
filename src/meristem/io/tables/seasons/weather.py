"""Read saved NASA POWER files: daily weather of one point."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray
from meristem.text.files import read_text
from meristem.text.lines import numbered_lines

FILL = -999.0
"""Value of a day without data."""

_REGIONAL = "save a file of one point per environment (the point endpoint of POWER)"
_KEYS = {"YEAR", "DOY", "MO", "DY"}


@dataclass(frozen=True)
class Weather:
    """Daily weather of one point."""

    day: IntArray  # (n_day,) proleptic ordinals, increasing
    value: dict[str, FloatArray]  # parameter -> (n_day,), NaN missing
    unit: dict[str, str]  # parameter -> unit, where the header says it
    latitude: float | None
    longitude: float | None
    source: str


def read_power(path: str | Path) -> Weather:
    """Read a saved file of NASA POWER, CSV or JSON, with or without its header.

    Both wordings of the header are known, and days as YEAR,DOY or YEAR,MO,DY. -999
    is missing.

    Parameters
    ----------
    path
        Daily data of one point.

    Raises
    ------
    DataError
        If the file is no daily point file, or a value is not a number.
    """
    path = Path(path)
    text = read_text(path)
    if text.lstrip().startswith("{"):
        return _of_json(text, path)
    lines = [(number, line.strip()) for number, line in numbered_lines(text)]
    head: list[str] = []
    marks = [k for k, (_, line) in enumerate(lines) if line == "-END HEADER-"]
    if marks:
        head = [line for _, line in lines[: marks[0]]]
        lines = lines[marks[0] + 1 :]
    lines = [(number, line) for number, line in lines if line]
    if not lines:
        raise DataError("holds no days", where=path, remedy="save the file again")
    names = [name.strip() for name in lines[0][1].split(",")]
    _refuse_other(names, path)
    rows = []
    for number, line in lines[1:]:
        cells = line.split(",")
        try:
            values = [float(cell) for cell in cells]
        except ValueError as error:
            raise DataError(
                f"{line[:40]!r} is no row of numbers",
                where=f"{path}, line {number}",
                remedy="save the file again",
            ) from error
        if len(values) != len(names):
            raise DataError(
                f"{len(values)} cells below {len(names)} columns",
                where=f"{path}, line {number}",
                remedy="save the file again",
            )
        rows.append(values)
    table = dict(zip(names, np.array(rows).reshape(-1, len(names)).T, strict=True))
    day = _days(table, path)
    place = _place(head, path)
    value = {name: column for name, column in table.items() if name not in _KEYS}
    return _weather(day, value, _units(head), place, path)


def _refuse_other(names: list[str], path: Path) -> None:
    if "HR" in names:
        what, remedy = "hourly", "save the daily data of POWER"
    elif {"LAT", "LON"} <= set(names):
        what, remedy = "regional", _REGIONAL
    elif "PARAMETER" in names:
        what, remedy = "monthly", "save the daily data of POWER"
    elif "YEAR" in names and ("DOY" in names or {"MO", "DY"} <= set(names)):
        return
    else:
        raise DataError(
            "is no file of NASA POWER: YEAR and DOY, or YEAR, MO and DY, are missing",
            where=path,
            remedy="save the daily data of one point as CSV or JSON",
        )
    raise DataError(f"holds {what} data", where=path, remedy=remedy)


def _days(table: dict[str, FloatArray], path: Path) -> IntArray:
    found = []
    for row, said in enumerate(table["YEAR"].tolist()):
        try:
            year = int(said)
            if "DOY" in table:
                first = datetime.date(year, 1, 1).toordinal()
                number = int(table["DOY"][row])
                length = datetime.date(year, 12, 31).toordinal() - first + 1
                if not 1 <= number <= length:
                    raise ValueError(number)
                found.append(first + number - 1)
            else:
                month, day = int(table["MO"][row]), int(table["DY"][row])
                found.append(datetime.date(year, month, day).toordinal())
        except (ValueError, OverflowError) as error:
            raise DataError(
                f"row {row + 1} of the days is no date of {said:g}",
                where=path,
                remedy="save the file again",
            ) from error
    return np.array(found, dtype=np.int64)


def _place(head: list[str], path: Path) -> tuple[float | None, float | None]:
    """Return latitude and longitude of the header, or of the name of the file."""
    number = r"(-?\d+(?:\.\d+)?)"
    for line in head:
        found = re.search(rf"latitude\s+{number}\s+longitude\s+{number}", line.lower())
        if found:
            return float(found[1]), float(found[2])
    named = re.search(r"_(\d+)d(\d+)([NS])_(\d+)d(\d+)([EW])", path.name)
    if named is None:
        return None, None
    south, west = (-1 if named[k] in "SW" else 1 for k in (3, 6))
    return (
        south * float(f"{named[1]}.{named[2]}"),
        west * float(f"{named[4]}.{named[5]}"),
    )


def _units(head: list[str]) -> dict[str, str]:
    """Return the unit of every parameter: the last brackets of its line."""
    found = {}
    for line in head:
        match = re.match(r"([A-Z][A-Z0-9_]+)\s+.*\(([^()]*)\)\s*$", line)
        if match:
            found[match[1]] = match[2].strip()
    return found


def _of_json(text: str, path: Path) -> Weather:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DataError(
            f"cannot be read as JSON ({error})", where=path, remedy="save it again"
        ) from error
    if content.get("type") == "FeatureCollection":
        raise DataError("holds regional data", where=path, remedy=_REGIONAL)
    try:
        longitude, latitude = content["geometry"]["coordinates"][:2]
        series = content["properties"]["parameter"]
        days = sorted({day for one in series.values() for day in one})
        ordinal = [datetime.datetime.strptime(d, "%Y%m%d").toordinal() for d in days]
        value = {
            name: np.array([float(one.get(day, FILL)) for day in days])
            for name, one in series.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"is no daily point file of NASA POWER ({error})",
            where=path,
            remedy="save the daily data of one point",
        ) from error
    known = content.get("parameters") or {}
    unit = {name: str(one.get("units", "")) for name, one in known.items()}
    place = float(latitude), float(longitude)
    return _weather(np.array(ordinal, dtype=np.int64), value, unit, place, path)


def _weather(
    day: IntArray,
    value: dict[str, FloatArray],
    unit: dict[str, str],
    place: tuple[float | None, float | None],
    path: Path,
) -> Weather:
    if (np.diff(day) <= 0).any():
        raise DataError(
            "the days are not in order, or occur more than once",
            where=path,
            remedy="save the file again",
        )
    clean = {name: np.where(v == FILL, np.nan, v) for name, v in value.items()}
    return Weather(day, clean, unit, *place, str(path))
