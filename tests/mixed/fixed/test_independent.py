from __future__ import annotations

import numpy as np

from meristem.mixed.fixed.independent import independent_columns


def test_kept_columns_span_what_all_do():
    rng = np.random.default_rng(2)
    base = rng.normal(size=(30, 4))
    x = np.column_stack(
        [base[:, 0], base[:, 0] * 3, base[:, 1:3], base[:, :3].sum(axis=1), base[:, 3]]
    )
    kept = independent_columns(x)
    assert kept.tolist() == [0, 2, 3, 5]
    assert np.linalg.matrix_rank(x[:, kept]) == np.linalg.matrix_rank(x)


def test_two_rows_are_left_to_tell_a_variance():
    assert independent_columns(np.eye(6)).size == 4
    assert independent_columns(np.zeros((5, 2))).size == 0
