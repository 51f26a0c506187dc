from __future__ import annotations

import io
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from tests.evaluate.toys import COLUMNS

from meristem.errors import DataError
from meristem.evaluate.table import PredictionTable


def table() -> PredictionTable:
    return PredictionTable(
        np.array(["007", "b", "NA"]),
        np.array(["yield", "yield", "height"]),
        np.array(["", "wet", ""]),
        np.full(3, "kfold"),
        np.array([0, 0, 1]),
        np.array([1, 2, 0]),
        np.full(3, "gblup"),
        np.array([1.5, 2.25, -1.0]),
        np.array([1.0, np.nan, 0.1]),
        np.array([np.nan, 0.5, 0.25]),
    )


def test_columns_follow_the_contract():
    assert ",".join(table().to_frame().columns) == COLUMNS


def test_round_trip_through_csv():
    text = table().to_frame().to_csv(index=False)
    frame = pd.read_csv(
        io.StringIO(text),
        dtype={"sample_id": str, "environment": str},
        keep_default_na=False,
        na_values={"observed": [""], "predicted": [""], "spread": [""]},
    )
    back = PredictionTable.from_frame(frame)
    for column in fields(PredictionTable):
        one, two = getattr(table(), column.name), getattr(back, column.name)
        assert np.array_equal(one, two, equal_nan=one.dtype.kind == "f"), column.name


def test_an_empty_environment_read_as_nan_is_empty_text():
    frame = table().to_frame()
    frame["environment"] = [np.nan, "wet", np.nan]
    assert PredictionTable.from_frame(frame).environment.tolist() == ["", "wet", ""]


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="fold"):
        PredictionTable.from_frame(table().to_frame().drop(columns="fold"))


def test_unequal_columns_are_refused():
    with pytest.raises(DataError, match="observed"):
        PredictionTable(
            **{
                column.name: getattr(table(), column.name)[
                    : 2 if column.name == "observed" else 3
                ]
                for column in fields(PredictionTable)
            }
        )
