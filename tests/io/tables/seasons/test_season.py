import datetime

import numpy as np
import pytest

from meristem.config.stages import EnvironmentConfig
from meristem.errors import DataError
from meristem.io.tables.seasons.environments import read_environments, weather_files
from meristem.io.tables.seasons.season import Thresholds, day_length, season_covariates
from meristem.io.tables.seasons.weather import Weather

FIRST = datetime.date(2012, 5, 1).toordinal()


def weather(**value):
    n = len(next(iter(value.values())))
    unit = {"ALLSKY_SFC_SW_DWN": "MJ/m^2/day"}
    series = {k: np.array(v, dtype=float) for k, v in value.items()}
    return Weather(FIRST + np.arange(n), series, unit, 45.0, 0.0, "a")


def test_sums_are_those_by_hand():
    found = season_covariates(
        weather(
            T2M_MAX=[20, 36, 31, 5],
            T2M_MIN=[4, 20, 10, -1],
            RH2M=[100, 50, 50, 100],
            PRECTOTCORR=[0, 0.5, 30, 0],
            ALLSKY_SFC_SW_DWN=[10, 20, 30, 40],
        ),
        FIRST,
        FIRST + 3,
        Thresholds(),
    )
    # days of 28 / 2, 54 / 2 and 41 / 2 degrees less the base of 8; a cold one
    assert found["growing_degrees"] == pytest.approx(6 + 19 + 12.5)
    assert (found["heat_days"], found["frost_days"]) == (2, 1)
    assert (found["rain"], found["dry_spell"]) == (30.5, 2)
    assert found["radiation"] == 100
    assert found["temperature"] == pytest.approx((12 + 28 + 20.5 + 2) / 4)
    assert found["day_length"] > 14


def test_units_of_radiation_are_read():
    one = weather(ALLSKY_SFC_SW_DWN=[1.0, 2.0])
    one.unit["ALLSKY_SFC_SW_DWN"] = "kW-hr/m^2/day"
    found = season_covariates(one, FIRST, FIRST + 1, Thresholds())
    assert found["radiation"] == pytest.approx(3 * 3.6)


def test_days_are_long_in_summer_and_never_above_24_hours():
    assert day_length(45.0, np.array([172]))[0] > 15
    assert day_length(80.0, np.array([172]))[0] == 24
    assert day_length(0.0, np.arange(1, 366)) == pytest.approx(12)


def test_windows_that_are_not_covered_are_refused():
    with pytest.raises(DataError, match="2012-05-03 to 2012-05-07 are not all"):
        season_covariates(weather(T2M=[1] * 5), FIRST + 2, FIRST + 6, Thresholds())
    gaps = weather(T2M=[1, np.nan, np.nan, 2, 3])
    with pytest.raises(DataError, match="2 of 5 days lack T2M"):
        season_covariates(gaps, FIRST, FIRST + 4, Thresholds())


def test_a_table_of_seasons_becomes_covariates(tmp_path):
    for name, warm in (("n.csv", 10), ("s.csv", 20)):
        rows = [f"2012,{k},{warm + 8},{warm}" for k in range(1, 101)]
        text = "\n".join(["YEAR,DOY,T2M_MAX,T2M_MIN", *rows]) + "\n"
        (tmp_path / name).write_text(text)
    table = tmp_path / "seasons.csv"
    table.write_text(
        "environment,weather,sowing,flowering,harvest,irrigation\n"
        "north,n.csv,2012-01-11,2012-01-21,2012-02-09,3\n"
        "south,s.csv,2012-01-11,2012-01-15,2012-01-30,0\n"
    )
    config = EnvironmentConfig(path=table, base_temperature=4)
    assert [one.name for one in weather_files(config)] == ["n.csv", "s.csv"]
    found = read_environments(config)
    names = found.covariate_name.tolist()
    assert {"growing_degrees", "early_heat_days", "late_temperature"} <= set(names)
    assert names[-1] == "irrigation"
    degrees = found.value[:, names.index("growing_degrees")]
    assert degrees == pytest.approx([10 * 30, 20 * 20])
    table.write_text(table.read_text().replace("2012-01-21", "spring"))
    with pytest.raises(DataError, match="line 2, column 'flowering': 'spring'"):
        read_environments(config)
