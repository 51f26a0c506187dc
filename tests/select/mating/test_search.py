"""The search: its bound holds for every plan, whatever was left out on the way."""

from itertools import combinations

import numpy as np
import pytest

from meristem.select.mating.limits import MatingLimits
from meristem.select.mating.search import Search
from meristem.select.records import Crosses


@pytest.mark.parametrize("max_uses", [None, 2])
def test_the_bound_holds_for_every_plan(max_uses: int | None) -> None:
    rng = np.random.default_rng(4)
    n = 8
    x = rng.integers(0, 2, (n, 50)) * 2.0 - 1
    f = (x @ x.T / 50 + 1) / 2
    first, second = np.triu_indices(n, 1)
    worth = rng.normal(size=first.size)
    crosses = Crosses(first, second, worth, np.zeros(first.size), worth, "DH")
    theta = float(f.mean()) * 1.08
    limits = MatingLimits(3, max_uses=max_uses, max_coancestry=theta)
    best = -np.inf
    for plan in combinations(range(first.size), 3):
        rows = np.array(plan)
        both = np.concatenate([first[rows], second[rows]])
        c = np.bincount(both, minlength=n) / 6
        if c @ f @ c <= theta and (max_uses is None or c.max() * 6 <= max_uses):
            best = max(best, float(worth[rows].sum()))
    search = Search(crosses, limits, n, f, 1e-9, 5.0)
    chosen, bound = search.run()
    assert search.group(chosen) <= theta * (1 + 1e-9)
    assert worth[chosen].sum() == pytest.approx(best)
    assert bound >= best - 1e-9
