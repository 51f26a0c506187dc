"""Covariates of environments from daily weather between two dates.

Temperatures in degrees Celsius, rain in mm, radiation in MJ per square metre and day,
vapour pressure in kPa.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.io.tables.seasons.weather import Weather
from meristem.records import FloatArray, IntArray

MOST_MISSING = 0.2
"""Share of the days of a window that may lack a value; they take the others' mean."""

KWH = 3.6
"""MJ of a kWh."""


@dataclass(frozen=True)
class Thresholds:
    """Temperatures that a crop counts from and to."""

    base: float = 8.0
    cap: float = 34.0
    heat: float = 30.0
    frost: float = 0.0


def season_covariates(
    weather: Weather,
    first: int,  # ordinal of the first day
    last: int,  # ordinal of the last day
    thresholds: Thresholds,
    prefix: str = "",
) -> dict[str, float]:
    """Return the covariates of a window that the parameters of a file allow.

    Parameters
    ----------
    weather
        Daily data.
    first, last
        Window, both days included.
    thresholds
        Of growing degrees, heat and frost.
    prefix
        Of the names.

    Returns
    -------
    dict
        growing_degrees (sum), heat_days, frost_days, temperature (mean), rain (sum),
        dry_spell (longest run of days below 1 mm), radiation (sum), vpd (mean),
        photothermal (MJ per growing degree), day_length (mean hours).

    Raises
    ------
    DataError
        If the file does not cover the window, or lacks too many values in it.

    References
    ----------
    McMaster & Wilhelm 1997, Agric For Meteorol 87:291 (growing degrees, method 2);
    Allen et al. 1998, FAO Irrigation and Drainage Paper 56 (vapour pressure, day
    length).
    """
    inside = (weather.day >= first) & (weather.day <= last)
    if last < first or inside.sum() < last - first + 1:
        raise DataError(
            f"the days from {_date(first)} to {_date(last)} are not all in the file",
            where=weather.source,
            remedy="save the whole season, or correct the dates",
        )
    series = {
        name: _filled(value[inside], name, weather.source)
        for name, value in weather.value.items()
    }
    found: dict[str, float] = {}
    found |= _temperature(series, thresholds)
    rain = series.get("PRECTOTCORR", series.get("PRECTOT"))
    if rain is not None:
        found["rain"] = float(rain.sum())
        found["dry_spell"] = float(_longest(rain < 1.0))
    light = series.get("ALLSKY_SFC_SW_DWN")
    if light is not None:
        kwh = "kw" in weather.unit.get("ALLSKY_SFC_SW_DWN", "").lower()
        found["radiation"] = float(light.sum()) * (KWH if kwh else 1.0)
        if found.get("growing_degrees", 0.0) > 0:
            found["photothermal"] = found["radiation"] / found["growing_degrees"]
    if weather.latitude is not None:
        hours = day_length(weather.latitude, day_of_year(weather.day[inside]))
        found["day_length"] = float(hours.mean())
    return {prefix + name: value for name, value in found.items()}


def _temperature(
    series: dict[str, FloatArray], thresholds: Thresholds
) -> dict[str, float]:
    found: dict[str, float] = {}
    mean = series.get("T2M")
    if {"T2M_MAX", "T2M_MIN"} <= set(series):
        high, low = series["T2M_MAX"], series["T2M_MIN"]
        mean = (high + low) / 2 if mean is None else mean
        bounded = np.minimum(high, thresholds.cap) + np.maximum(low, thresholds.base)
        degrees = np.maximum(bounded / 2 - thresholds.base, 0)
        found["growing_degrees"] = float(degrees.sum())
        found["heat_days"] = float((high > thresholds.heat).sum())
        found["frost_days"] = float((low < thresholds.frost).sum())
    if mean is not None:
        found["temperature"] = float(mean.mean())
        if "RH2M" in series:
            deficit = vapour_pressure(mean) * (1 - series["RH2M"] / 100)
            found["vpd"] = float(deficit.mean())
    return found


def vapour_pressure(temperature: FloatArray) -> FloatArray:  # kPa
    """Return the vapour pressure of saturated air, in kPa.

    Examples
    --------
    >>> round(float(vapour_pressure(np.array(25.0))), 4)
    3.1678
    """
    return 0.6108 * np.exp(17.27 * temperature / (temperature + 237.3))


def day_length(latitude: float, day: IntArray) -> FloatArray:  # hours
    """Return the hours of daylight on days of the year, 1 to 366.

    Examples
    --------
    >>> float(day_length(0.0, np.array([172]))[0])
    12.0
    """
    tilt = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    reach = -np.tan(np.radians(latitude)) * np.tan(tilt)
    return 24 / np.pi * np.arccos(np.clip(reach, -1, 1))


def day_of_year(ordinal: IntArray) -> IntArray:
    """Return the day of the year of ordinals, 1 to 366."""
    days = [datetime.date.fromordinal(int(k)).timetuple().tm_yday for k in ordinal]
    return np.array(days, dtype=np.int64)


def _filled(values: FloatArray, name: str, source: str) -> FloatArray:
    missing = np.isnan(values)
    if missing.mean() > MOST_MISSING:
        raise DataError(
            f"{int(missing.sum())} of {values.size} days lack {name}",
            where=source,
            remedy="save the file again (the last days come late), or shorten the "
            "window",
        )
    return (
        np.where(missing, values[~missing].mean(), values) if missing.any() else values
    )


def _longest(state: np.ndarray) -> int:
    best = run = 0
    for one in state.tolist():
        run = run + 1 if one else 0
        best = max(best, run)
    return best


def _date(ordinal: int) -> str:
    return datetime.date.fromordinal(ordinal).isoformat()
