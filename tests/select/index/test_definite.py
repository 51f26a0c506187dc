"""`meristem.select.index.definite`: impossible matrices are named, or bent."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.index.definite import bend, refuse_indefinite

NAMES = ["yield", "height", "oil"]


def test_the_direction_without_variance_is_named():
    matrix = np.array([[4.0, 6.6, 0.0], [6.6, 9.0, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(DataError, match=r"G is no covariance") as caught:
        refuse_indefinite(matrix, NAMES, "G")
    assert "yield" in caught.value.what
    assert "height" in caught.value.what
    assert "oil" not in caught.value.what
    assert "-1" in caught.value.what or "-0." in caught.value.what


def test_singular_matrices_are_refused_where_they_must_be_inverted():
    ones = np.ones((2, 2))
    with pytest.raises(DataError):
        refuse_indefinite(ones, NAMES[:2], "P")
    refuse_indefinite(ones, NAMES[:2], "G", strict=False)
    with pytest.raises(DataError):
        refuse_indefinite(np.diag([1.0, 0.0]), NAMES[:2], "P")


def test_bending_keeps_variances_and_signs():
    matrix = np.array([[4.0, 6.6, 1.0], [6.6, 9.0, 0.0], [1.0, 0.0, 1.0]])
    bent, share = bend(matrix)
    assert np.diag(bent) == pytest.approx(np.diag(matrix))
    assert np.linalg.eigvalsh(bent)[0] > 0
    assert 0 < share < 1
    assert bent[0, 1] == pytest.approx((1 - share) * 6.6)
    refuse_indefinite(bent, NAMES, "G")
    fine = np.eye(3)
    assert bend(fine)[1] == 0


def test_directions_are_named_on_the_scale_of_standard_deviations():
    matrix = np.array([[1e6, 720.0], [720.0, 0.36]])
    with pytest.raises(DataError) as caught:
        refuse_indefinite(matrix, NAMES[:2], "G")
    assert "yield" in caught.value.what
    assert "height" in caught.value.what


def test_a_variance_below_zero_is_named_and_never_bent():
    matrix = np.diag([4.0, -0.36])
    with pytest.raises(DataError, match=r"\+1 x height has the variance -0.36"):
        refuse_indefinite(matrix, NAMES[:2], "G")
    with pytest.raises(DataError, match="cannot be bent"):
        bend(matrix)
