from dataclasses import replace

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.errors import DataError
from meristem.records import Genotypes, Products


def test_taken_rows_share_the_reference():
    whole = Products(np.eye(5), np.ones(3, dtype=bool), np.arange(5))
    some, others = whole.take(np.array([3, 1])), whole.take(np.arange(5) > 2)
    assert some.row.tolist() == [3, 1]
    assert some.shares(others)
    assert not some.shares(None)
    assert not some.shares(Products(np.eye(5), whole.varies, whole.row))


def test_other_samples_do_not_keep_them():
    names = np.array([f"l{i}" for i in range(5)])
    kept = Products(np.eye(5), np.ones(3, dtype=bool), np.arange(5))
    calls = np.ones((5, 3), dtype=np.int8)
    lines = Genotypes(names, variant_table(["a", "b", "c"]), calls, products=kept)
    assert lines.take_samples(np.array([4, 0])).products.row.tolist() == [4, 0]
    with pytest.raises(DataError, match="other samples"):
        replace(lines, sample_id=names[:2], call_dosage=calls[:2])
