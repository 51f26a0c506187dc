from __future__ import annotations

import numpy as np
import pytest
from tests.prepare.covariates.toys import covariates

from meristem.errors import DataError
from meristem.records import Covariates
from meristem.records.covariates import no_columns


def test_rows_and_columns_are_taken_by_place():
    found = covariates({"sex": ["F", "", "M"], "age": [1.0, 2.0, np.nan]})
    assert found.missing.tolist() == [[False, False], [True, False], [False, True]]
    assert found.take(np.array([2, 0])).label[:, 0].tolist() == ["M", "F"]
    assert found.take_columns(np.array([1])).column_name.tolist() == ["age"]
    spread = found.spread_over(np.array([2, -1, 2, 0]))
    assert spread.label[:, 0].tolist() == ["M", "", "M", "F"]
    assert spread.missing.any(axis=1).tolist() == [True, True, True, False]


def test_there_may_be_no_column_at_all():
    none = no_columns(4, 3)
    assert (none.n_row, none.n_axis) == (4, 3)
    assert none.take(np.array([1, 2])).n_row == 2


def test_arrays_of_other_shapes_are_refused():
    names = np.array(["a", "b"])
    with pytest.raises(DataError, match="expected"):
        Covariates(names, names, np.zeros((3, 2)), np.full((3, 1), ""))
