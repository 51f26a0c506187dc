from __future__ import annotations

import numpy as np
import pytest

from meristem.stats.correlation import MIN_ROWS, columnwise_r, counted_r, permuted_r


def columns(missing: float = 0.0):
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((30, 7)), rng.standard_normal((30, 7)) + 1e4
    b += 2 * a
    b[rng.random(b.shape) < missing] = np.nan
    return a, b


def test_columnwise_r_equals_numpy_with_missing_values():
    a, b = columns(missing=0.2)
    for k, value in enumerate(columnwise_r(a, b)):
        known = ~np.isnan(b[:, k])
        assert value == pytest.approx(np.corrcoef(a[known, k], b[known, k])[0, 1])


def test_what_does_not_vary():
    a, b = columns()
    a[:, 1] = 1e9
    b[:, 2] = 3.0
    b[MIN_ROWS - 1 :, 3] = np.nan
    r = columnwise_r(a, b)
    assert r[1] == 0
    assert np.isnan(r[2])
    assert np.isnan(r[3])


def test_permutations_of_complete_columns_equal_the_slow_path():
    a, b = columns()
    a[:, 1] = 4.0
    b[:, 2] = 3.0
    fast = list(permuted_r(a, b, 5, np.random.default_rng(1)))
    rng = np.random.default_rng(1)
    for values in fast:
        slow = columnwise_r(a, b[rng.permutation(30)])
        np.testing.assert_allclose(values, slow, atol=1e-9)


def test_permutations_with_gaps():
    a, b = columns(missing=0.2)
    (values,) = permuted_r(a, b, 1, np.random.default_rng(1))
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(values, columnwise_r(a, b[order]))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_counts_are_repeated_rows(missing):
    a, b = columns(missing)
    a[:, 1] = 4.0
    rng = np.random.default_rng(3)
    counts = rng.multinomial(30, np.full(30, 1 / 30), 9)
    for drawn, values in zip(counts, counted_r(counts, a, b), strict=True):
        rows = np.repeat(np.arange(30), drawn)
        np.testing.assert_allclose(values, columnwise_r(a[rows], b[rows]), atol=1e-9)
