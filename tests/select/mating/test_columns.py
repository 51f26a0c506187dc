"""`meristem.select.mating.columns`: the best crosses, and some of every parent."""

import numpy as np

from meristem.select.mating.columns import FIRST, OF_EACH, first_columns
from meristem.select.records import Crosses


def test_every_parent_has_its_best_crosses() -> None:
    n = 120
    one, two = np.triu_indices(n, 1)
    value = np.random.default_rng(1).normal(size=one.size) - (one + two)
    crosses = Crosses(one, two, value, value, value, "DH")
    found = first_columns(crosses, n)
    assert np.isin(np.argsort(-value)[:FIRST], found).all()
    for parent in range(n):
        mine = np.flatnonzero((one == parent) | (two == parent))
        best = mine[np.argsort(-value[mine])[:OF_EACH]]
        assert np.isin(best, found).all()
