import numpy as np

from meristem.records import Products


def test_taken_rows_share_the_reference():
    whole = Products(np.eye(5), np.ones(3, dtype=bool), np.arange(5))
    some, others = whole.take(np.array([3, 1])), whole.take(np.arange(5) > 2)
    assert some.row.tolist() == [3, 1]
    assert some.shares(others)
    assert not some.shares(None)
    assert not some.shares(Products(np.eye(5), whole.varies, whole.row))
