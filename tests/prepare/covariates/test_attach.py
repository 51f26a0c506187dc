from __future__ import annotations

import numpy as np
import pytest
from tests import toys
from tests.prepare.covariates.toys import covariates

from meristem.errors import DataError
from meristem.prepare.covariates.attach import (
    RowCovariates,
    attach_covariates,
    record_covariates,
    row_covariates,
)
from meristem.records import Observations


def observations(**columns) -> Observations:
    return Observations(
        np.array(["a", "a", "b", "b", "c"]),
        np.array(["dry", "wet", "dry", "wet", "dry"]),
        np.full(5, ""),
        np.full(5, "yield"),
        np.arange(5.0),
        np.ones(5),
        source="trials.csv",
        covariates=covariates(columns),
    )


TABLE = {
    "sex": ["F", "", "M", "M", "F"],
    "days": [1.0, 2.0, 1.0, 3.0, 2.0],
}


def test_columns_are_told_apart_by_what_differs_within_a_row():
    rows = row_covariates(observations(**TABLE), "line")
    assert rows is not None
    assert rows.covariates.column_name.tolist() == ["sex"]
    assert rows.sample_id.tolist() == ["a", "b", "c"]
    assert rows.covariates.label[:, 0].tolist() == ["F", "M", "F"]
    left = record_covariates(observations(**TABLE), "line").covariates
    assert left is not None
    assert left.column_name.tolist() == ["days"]
    by_record = row_covariates(observations(**TABLE), "record")
    assert by_record is not None
    assert by_record.covariates.column_name.tolist() == ["sex", "days"]
    assert by_record.environment.tolist() == ["dry", "wet", "dry", "wet", "dry"]
    assert record_covariates(observations(**TABLE), "record").covariates is None


def test_rows_are_matched_by_name_and_strangers_are_empty():
    data = toys.dataset(np.zeros((3, 2)), np.arange(3.0), lines=["c", "x", "a"])
    rows = row_covariates(observations(sex=TABLE["sex"]), "line")
    found = attach_covariates(data, rows, 2).covariates
    assert found is not None
    assert found.label[:, 0].tolist() == ["F", "", "F"]
    assert found.n_axis == 2
    alone = attach_covariates(data, None, 3).covariates
    assert alone is not None
    assert (alone.n_row, alone.column_name.size, alone.n_axis) == (3, 0, 3)


def test_rows_of_lines_in_environments_have_their_own():
    names = ["a@dry", "a@wet", "b@wet"]
    groups = {"line": ["a", "a", "b"], "environment": ["dry", "wet", "wet"]}
    data = toys.dataset(np.zeros((3, 2)), np.arange(3.0), lines=names, groups=groups)
    rows = row_covariates(observations(days=TABLE["days"]), "record")
    found = attach_covariates(data, rows, 0).covariates
    assert found is not None
    assert found.number[:, 0].tolist() == [1, 2, 3]
    per_line = RowCovariates(
        np.array(["b", "a"]), np.array(["", ""]), covariates({"age": [5.0, 7.0]})
    )
    found = attach_covariates(data, per_line, 0).covariates
    assert found is not None
    assert found.number[:, 0].tolist() == [7, 7, 5]


def test_what_cannot_be_told_is_refused():
    with pytest.raises(DataError, match=r"(?s)days.*by = \"record\""):
        record_covariates(observations(days=TABLE["days"]), "line_environment")
    table = observations(how=["x", "y", "x", "x", "y"])
    assert table.covariates is not None
    random = covariates({"how": ["x", "y", "x", "x", "y"]}, random="how")
    with pytest.raises(DataError, match="cannot be random"):
        record_covariates(Observations(**{**vars(table), "covariates": random}), "line")
