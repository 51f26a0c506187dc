"""`meristem.select.mating.designs`: pairs of the designs, and progeny shared out."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.mating.designs import (
    chain,
    factorial,
    half_diallel,
    share_progeny,
)


def test_designs_have_their_sizes():
    parents = np.arange(3, 9)
    assert half_diallel(parents)[0].size == 15
    assert len(set(zip(*map(tuple, half_diallel(parents)), strict=True))) == 15
    one, two = factorial(parents[:2], parents[2:])
    assert np.bincount(one)[3:5].tolist() == [4, 4]
    assert two.size == 8
    both = np.concatenate(chain(parents))
    assert np.bincount(both)[3:].tolist() == [2] * 6
    assert [p.tolist() for p in chain(parents[:2])] == [[3], [4]]


def test_progeny_go_where_the_spread_is():
    sd = np.array([1.0, 3.0, 0.5])
    count = share_progeny(np.zeros(3), sd, 60, least=4)
    assert count.sum() == 60
    assert count[1] > count[0] > count[2] >= 4
    assert np.ptp(share_progeny(np.zeros(4), np.zeros(4), 22)) <= 1
    with pytest.raises(ConfigError, match="10 progeny are not 4"):
        share_progeny(np.zeros(3), sd, 10, least=4)
