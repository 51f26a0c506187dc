import numpy as np
import pytest
from tests.toys import phenotypes

from meristem.errors import DataError
from meristem.records import ErrorCovariance, Phenotypes


def test_rows_are_taken_and_exchanged_by_number():
    one = ErrorCovariance(np.eye(3), np.array([2, -1, 0, 1]), known=True)
    assert one.take_samples(np.array([3, 0])).row.tolist() == [1, 2]
    kept = np.array([True, True, False, False])
    assert one.take_samples(kept).row.tolist() == [2, -1]
    moved = one.exchanged(np.array([0, 2, 3]), np.array([3, 0, 2]))
    assert moved.row.tolist() == [1, -1, 2, 0]
    assert moved.matrix is one.matrix


def test_samples_and_targets_of_phenotypes_keep_theirs():
    table = phenotypes(np.arange(8.0).reshape(4, 2))
    one = ErrorCovariance(np.eye(4), np.arange(4), known=False)
    table = Phenotypes(**{**vars(table), "errors": (None, one)})
    some = table.take_samples(np.array([2, 1]))
    assert some.errors[0] is None
    assert some.errors[1].row.tolist() == [2, 1]
    assert table.take_targets(np.array([1])).errors == (one,)
    assert table.take_targets(np.array([True, False])).errors == (None,)
    with pytest.raises(DataError, match="1 error covariances for 2 targets"):
        Phenotypes(**{**vars(table), "errors": (one,)})
