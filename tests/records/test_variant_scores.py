import numpy as np
import pytest

from meristem.errors import DataError
from meristem.records import VariantScores


def _scores(score):
    n = len(score)
    names = np.array([f"v{i // 2}" for i in range(n)])
    return VariantScores(names, np.full(n, "g"), np.array(score), np.full(n, "k"), "f")


def test_the_largest_of_a_variant_counts_whatever_its_sign():
    found = _scores([0.5, -2.0, 0.1]).largest(np.array(["v1", "v0", "v9"]))
    assert np.array_equal(found, [0.1, 2.0, np.nan], equal_nan=True)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="v1 is not finite"):
        _scores([1.0, 2.0, np.nan])
    with pytest.raises(DataError, match="3 entries"):
        VariantScores(
            np.array(["a", "b", "c"]), np.array([""]), np.zeros(3), np.full(3, "")
        )
