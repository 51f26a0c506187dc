from __future__ import annotations

import numpy as np
from tests.prepare.covariates.toys import covariates

from meristem.prepare.covariates.coding import MISSING_LEVEL, learn_code


def test_rows_average_to_zero_and_numbers_have_their_own_unit():
    found = covariates(
        {"age": [1.0, 3.0, np.nan, 8.0, 4.0], "sex": ["F", "M", "F", "", "F"]}
    )
    code = learn_code(found)
    design = code.design(found)
    assert code.column.tolist() == ["age", "age", "sex", "sex"]
    assert code.level.tolist() == ["", MISSING_LEVEL, MISSING_LEVEL, "M"]
    np.testing.assert_allclose(design.mean(axis=0), 0, atol=1e-12)
    assert code.scale[0] == np.std([1.0, 3, 8, 4])
    assert design[2, 0] == 0  # a missing number is the mean
    assert design[2, 1] > 0 > design[0, 1]


def test_what_training_rows_lack_is_the_average():
    train = covariates({"age": [1.0, 2.0, 4.0], "sex": ["F", "M", "M"]})
    code = learn_code(train)
    other = covariates({"age": [np.nan, 3.0], "sex": ["X", ""]})
    design = code.design(other)
    assert design[0].tolist() == [0, 0]
    assert design[1, 1] == 0
    assert code.unseen(other).tolist() == [0, 1]


def test_random_levels_are_numbered_and_no_column_is_theirs():
    train = covariates({"cage": ["b", "a", "", "b"]}, random="cage")
    code = learn_code(train)
    assert code.n_design == 0
    other = covariates({"cage": ["c", "a", "", "b"]}, random="cage")
    assert code.random_level(other).tolist() == [-1, 0, -1, 1]
    assert code.random_level(covariates({"age": [1.0]})).tolist() == [-1]
