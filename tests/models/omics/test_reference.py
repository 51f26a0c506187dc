import numpy as np
import pytest

from meristem.errors import DataError
from meristem.models.omics.reference import (
    FittedMeasuredOmics,
    column_moments,
    feature_names,
    joined,
    scaled,
)
from meristem.records import OmicsTable


def table(name, features, value):
    features = np.array(features)
    sample = np.arange(value.shape[0]).astype(str)
    return OmicsTable(name, sample, features, features, value)


def test_features_are_found_by_table_and_name():
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    omics = (table("x", ["u", "v"], value), table("y", ["u"], 10 * value[:, :1]))
    assert feature_names(omics[0]).tolist() == ["x/u", "x/v"]
    found = joined(omics, np.array(["y/u", "z/u", "x/v"]))
    assert found[:, 0].tolist() == [10, 30]
    assert np.isnan(found[:, 1]).all()
    assert found[:, 2].tolist() == [2, 4]


def test_moments_skip_missing_values_and_constants_have_sd_one():
    value = np.array([[1.0, 7.0, np.nan], [3.0, 7.0, np.nan], [np.nan, 7.0, np.nan]])
    mean, sd = column_moments(value)
    assert mean[:2].tolist() == [2, 7]
    assert sd.tolist() == [1, 1, 1]
    assert scaled(value, mean, sd)[:, 0].tolist() == [-1, 1, 0]


def test_without_omics_it_says_so():
    assert FittedMeasuredOmics.needs.measured_omics
    with pytest.raises(DataError, match="measured omics"):
        joined((), np.array(["x/u"]))
