from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from meristem.models.named_columns import (
    column_moments,
    covariate_columns,
    feature_names,
    joined,
    scaled,
)
from meristem.models.sklearn import GBLUPRegressor, RandomForestMarkerRegressor
from meristem.records import OmicsTable


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (120, 40))
    table = pd.DataFrame(x, columns=[f"m{k}" for k in range(40)])
    table["sex"] = rng.choice(["F", "M"], 120)
    table["age"] = rng.normal(50, 5, 120)
    y = x @ rng.normal(0, 0.3, 40) + 3 * (table["sex"] == "M") + 0.5 * table["age"]
    table.loc[[2, 100], "age"] = np.nan
    return table, y.to_numpy() + rng.normal(size=120)


@pytest.mark.parametrize(
    "model", [GBLUPRegressor(), RandomForestMarkerRegressor(trees=20, random_state=1)]
)
def test_named_columns_are_no_dosages_and_count_in_predictions(frame, model):
    table, y = frame
    named = clone(model).set_params(covariates=("sex", "age"))
    fitted = named.fit(table[:90], y[:90])
    without = clone(model).fit(table.iloc[:90, :40], y[:90])
    gain = fitted.score(table[90:], y[90:])
    assert gain > without.score(table.iloc[90:, :40], y[90:]) + 0.3
    effects = {e.level: e.value for e in fitted.taken_.covariates.rows(0)}
    assert effects["M"] - effects["F"] == pytest.approx(3, abs=0.6)
    other = table[90:95].assign(sex="M")
    same = table[90:95].assign(sex="F")
    moved = fitted.predict(other) - fitted.predict(same)
    np.testing.assert_allclose(moved, effects["M"] - effects["F"])


def test_roles_follow_the_types_of_the_columns():
    table = pd.DataFrame(
        {"sex": ["F", None], "old": [True, False], "age": [3, np.nan]},
    )
    found = covariate_columns(table, ("sex", "old", "age"))
    assert found.role.tolist() == ["class", "class", "number"]
    assert found.label[:, 0].tolist() == ["F", ""]
    with pytest.raises(ValueError, match="infinite"):
        covariate_columns(pd.DataFrame({"a": [np.inf]}), ("a",))


def test_absent_columns_and_plain_matrices_are_refused(frame):
    table, y = frame
    with pytest.raises(ValueError, match="no column 'cage'"):
        GBLUPRegressor(covariates=("cage",)).fit(table, y)
    with pytest.raises(ValueError, match="data frame"):
        GBLUPRegressor(covariates=("sex",)).fit(table.to_numpy(), y)


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
