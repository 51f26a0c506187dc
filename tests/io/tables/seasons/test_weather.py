"""Saved NASA POWER files in all their dresses."""

import datetime
import json

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.seasons.weather import read_power

OLD = (
    "-BEGIN HEADER-\r\n"
    "NASA/POWER CERES/MERRA2 Native Resolution Daily Data  \r\n"
    "Dates (month/day/year): 02/28/2012 through 03/01/2012 \r\n"
    "Location: Latitude  -12.5   Longitude 35.25 \r\n"
    "The value for missing source data is: -999 \r\n"
    "Parameter(s): \r\n"
    "T2M           MERRA-2 Temperature at 2 Meters (C) \r\n"
    "ALLSKY_SFC_SW_DWN     CERES SYN1deg Irradiance (kW-hr/m^2/day) \r\n"
    "-END HEADER-\r\n"
)
ROWS = (
    "YEAR,DOY,T2M,ALLSKY_SFC_SW_DWN\n"
    "2012,59,20.5,5\n2012,60,-999,6\n2012,61,22,-999.0\n"
)
NEW = OLD.replace("Location: Latitude", "location: latitude").replace(
    "Longitude", "longitude"
)


def written(folder, text, name="point.csv"):
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("head", [OLD, NEW])
def test_headers_old_and_new(tmp_path, head):
    found = read_power(written(tmp_path, head + ROWS))
    assert (found.latitude, found.longitude) == (-12.5, 35.25)
    assert found.unit["ALLSKY_SFC_SW_DWN"] == "kW-hr/m^2/day"
    first = datetime.date(2012, 2, 28).toordinal()
    assert found.day.tolist() == [first, first + 1, first + 2]  # a leap year
    assert np.array_equal(found.value["T2M"], [20.5, np.nan, 22], equal_nan=True)


def test_days_by_month_and_no_header(tmp_path):
    rows = "YEAR,MO,DY,T2M\n2013,12,31,1\n2014,1,1,2\n"
    name = "POWER_Point_Daily_20131231_20140101_089d50S_0179d50W_UTC.csv"
    found = read_power(written(tmp_path, rows, name))
    assert np.diff(found.day).tolist() == [1]
    assert (found.latitude, found.longitude) == (-89.5, -179.5)
    assert read_power(written(tmp_path, rows)).latitude is None


def test_json_is_the_same(tmp_path):
    content = {
        "type": "Feature",
        "geometry": {"coordinates": [35.25, -12.5, 700.0]},
        "properties": {"parameter": {"T2M": {"20120228": 20.5, "20120229": -999.0}}},
        "parameters": {"T2M": {"units": "C"}},
    }
    found = read_power(written(tmp_path, json.dumps(content), "a.json"))
    assert (found.latitude, found.longitude) == (-12.5, 35.25)
    assert np.isnan(found.value["T2M"][1])
    content["type"] = "FeatureCollection"
    with pytest.raises(DataError, match="regional"):
        read_power(written(tmp_path, json.dumps(content), "b.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("YEAR,MO,DY,HR,T2M\n2012,1,1,0,3\n", "hourly"),
        ("LAT,LON,YEAR,DOY,T2M\n1,2,2012,1,3\n", "regional"),
        ("PARAMETER,YEAR,JAN\nT2M,2012,3\n", "monthly"),
        ("a,b\n1,2\n", "is no file of NASA POWER"),
        ("YEAR,DOY,T2M\n2013,366,3\n", "is no date of 2013"),
        ("YEAR,DOY,T2M\n2013,1,x\n", "line 2: .*no row of numbers"),
        ("YEAR,DOY,T2M\n2013,2,1\n2013,1,1\n", "not in order"),
        ("YEAR,DOY,T2M\n2013,2\n", "2 cells below 3 columns"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_power(written(tmp_path, text))
