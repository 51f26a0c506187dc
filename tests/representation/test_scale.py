from __future__ import annotations

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.representation.scale import fit_feature_scale


def test_scale_is_undone() -> None:
    value = np.random.default_rng(1).normal(3, 2, (9, 4))
    value[2, 1] = np.nan
    value[:, 3] = 5.0
    scale = fit_feature_scale(value)
    x = scale.apply(value)
    assert np.nanmean(x, axis=0) == pytest.approx(0)
    assert (x[:, 3] == 0).all()
    back = scale.undo(x, np.ones(9))
    assert np.allclose(back, value, equal_nan=True)


def test_counts_are_undone_with_their_size() -> None:
    rng = np.random.default_rng(1)
    count = rng.poisson(20, (12, 5)).astype(float) * rng.integers(1, 4, 12)[:, None]
    scale = fit_feature_scale(count, counts=True)
    back = scale.undo(scale.apply(count), scale.size(count))
    assert back == pytest.approx(count)
    assert scale.values(count).counts is not None


def test_a_table_without_values_is_refused() -> None:
    with pytest.raises(DataError, match="no value"):
        fit_feature_scale(np.full((3, 2), np.nan))
