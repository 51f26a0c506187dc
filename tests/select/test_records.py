"""Crosses hold one number of each kind per cross."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.records import Crosses


def _crosses(n_sd: int = 3) -> Crosses:
    return Crosses(
        np.array([0, 0, 1]),
        np.array([1, 2, 2]),
        np.array([3.0, 2.0, 1.0]),
        np.ones(n_sd),
        np.array([5.0, 4.0, 3.0]),
        "DH",
    )


def test_taking_crosses_keeps_their_rows_together() -> None:
    taken = _crosses().take(np.array([2, 0]))
    assert taken.n_cross == 2
    assert taken.first.tolist() == [1, 0]
    assert taken.usefulness.tolist() == [3.0, 5.0]


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="sd does not have 3 entries"):
        _crosses(n_sd=2)
