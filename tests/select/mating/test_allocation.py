"""`meristem.select.mating`: golden matching, exhaustive search, limits, gap."""

from itertools import combinations

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.contribution.coancestry import identity_by_state
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme
from meristem.select.mating.allocation import plan_matings
from meristem.select.mating.greedy import greedy_plan
from meristem.select.mating.limits import MatingLimits
from meristem.select.mating.swaps import improve_by_pairs, improve_plan
from meristem.select.records import Crosses


def all_crosses(seed: int, n: int, n_variant: int = 120):
    rng = np.random.default_rng(seed)
    calls = rng.integers(0, 2, (n, n_variant)).astype(np.int8) * 2
    calls[1::2] = np.where(
        rng.random((n // 2, n_variant)) < 0.6, calls[::2][: n // 2], calls[1::2]
    )
    f = identity_by_state(calls).value
    u = calls @ rng.normal(size=n_variant) / 10
    one, two = np.triu_indices(n, 1)
    sd = 0.5 * np.sqrt(1 - f[one, two])
    mean = (u[one] + u[two]) / 2
    return Crosses(one, two, mean, sd, mean + 1.5 * sd, "DH"), f


def uses(crosses: Crosses, n: int) -> np.ndarray:
    both = np.concatenate([crosses.first, crosses.second])
    return np.bincount(both, minlength=n)


def test_golden_matching_beats_the_sorted_list():
    """Fact sheet on selection, section 6: greedy 11, optimum 18."""
    pair = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    value = np.array([10.0, 9.0, 9.0, 1.0])
    crosses = Crosses(*pair, value, np.zeros(4), value, "DH")
    plan = plan_matings(crosses, MatingLimits(2, max_uses=1), 4)
    assert plan.value == 18
    assert plan.greedy == 11
    assert plan.gap == 0
    assert plan.crosses.second.tolist() == [2, 3]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_plan_is_better_by_exhaustive_search(seed):
    n = 8
    crosses, f = all_crosses(seed, n)
    theta = 0.1 * f.max() + 0.9 * f.mean()
    limits = MatingLimits(
        3, max_uses=2, max_kinship=0.8, max_coancestry=theta, seeds=np.ones(n, int)
    )
    best = -np.inf
    for trio in combinations(range(crosses.n_cross), 3):
        some = crosses.take(np.array(trio))
        c = uses(some, n) / 6
        kept = c.max() <= 1 / 3 and c @ f @ c <= theta
        kept &= f[some.first, some.second].max() <= 0.8
        kept &= np.bincount(some.first).max() == 1
        if kept:
            best = max(best, some.usefulness.sum())
    plan = plan_matings(crosses, limits, n, f, max_gap=1e-9, seconds=1)
    assert plan.value == pytest.approx(best)
    assert plan.bound >= best - 1e-9


def test_every_limit_is_kept():
    n = 40
    crosses, f = all_crosses(4, n)
    forced, forbidden = ((0, 39), (7, 3)), ((5, 6),)
    limits = MatingLimits(
        12,
        max_uses=4,
        min_uses=2,
        max_parents=9,
        max_kinship=0.75,
        forced=forced,
        forbidden=forbidden,
    )
    plan = plan_matings(crosses, limits, n, f)
    count = uses(plan.crosses, n)
    pairs = {
        frozenset(p)
        for p in zip(
            plan.crosses.first.tolist(), plan.crosses.second.tolist(), strict=True
        )
    }
    assert len(pairs) == 12
    assert count.max() <= 4
    assert count[count > 0].min() >= 2
    assert (count > 0).sum() <= 9
    assert {frozenset(p) for p in forced} <= pairs
    assert frozenset((5, 6)) not in pairs
    for one, two in pairs - {frozenset(p) for p in forced}:
        assert f[one, two] <= 0.75


def test_pools_and_seeds():
    n = 30
    crosses, f = all_crosses(5, n)
    pool = (np.arange(n) % 3 == 0).astype(int)
    seeds = np.full(n, 1)
    limits = MatingLimits(9, max_uses=3, pool=pool, seeds=seeds)
    chosen = plan_matings(crosses, limits, n, f).crosses
    assert (pool[chosen.first] != pool[chosen.second]).all()
    seed = np.where(pool[chosen.first] == 0, chosen.first, chosen.second)
    assert np.bincount(seed).max() == 1


def test_plans_are_proven_and_never_below_the_sorted_list():
    n = 120
    crosses, f = all_crosses(6, n)
    u = np.random.default_rng(6).normal(size=n)
    frontier = trace_frontier(u, f, make_programme(n))
    loose = plan_matings(crosses, MatingLimits(20, max_uses=4, max_kinship=0.8), n, f)
    assert loose.gap <= 1e-3
    assert loose.value >= loose.greedy
    theta = (2 * loose.coancestry + frontier.least) / 3
    tight = plan_matings(
        crosses,
        MatingLimits(20, max_uses=4, max_kinship=0.8, max_coancestry=theta),
        n,
        f,
        max_gap=4e-3,
        seconds=4,
    )
    assert tight.coancestry <= theta * (1 + 1e-9)
    assert tight.gap <= 5e-3
    assert tight.value <= loose.value


def test_impossible_plans_are_refused():
    crosses, f = all_crosses(7, 10)
    with pytest.raises(ConfigError, match="50 crosses are asked for, and 45"):
        plan_matings(crosses, MatingLimits(50), 10, f)
    with pytest.raises(ConfigError, match="no plan of crosses"):
        plan_matings(crosses, MatingLimits(10, max_uses=1), 10, f)
    with pytest.raises(ConfigError, match="1 forced crosses"):
        plan_matings(crosses, MatingLimits(2, forced=((1, 12),)), 10, f)
    forced = (0, 1), (0, 2), (0, 3)
    with pytest.raises(ConfigError, match="3 crosses are forced, and 2"):
        plan_matings(crosses, MatingLimits(2, forced=forced), 10, f)
    limits = MatingLimits(4, max_uses=2, forced=forced)
    with pytest.raises(ConfigError, match="used 3 times by forced crosses, and 2"):
        plan_matings(crosses, limits, 10, f)
    least = f.mean() - 0.2
    with pytest.raises(ConfigError, match="the smallest one found is 0") as refused:
        plan_matings(crosses, MatingLimits(3, max_coancestry=least), 10, f, seconds=1)
    told = float(str(refused.value).split("found is ")[1].split()[0])
    found = plan_matings(crosses, MatingLimits(3, max_coancestry=told + 1e-4), 10, f)
    assert found.coancestry <= told + 1e-4


def test_the_sorted_list_keeps_its_limits_too():
    crosses, f = all_crosses(8, 20)
    limits = MatingLimits(8, max_uses=2, max_parents=9)
    chosen = greedy_plan(crosses, limits, 20, f)
    count = uses(crosses.take(chosen), 20)
    assert count.max() <= 2
    assert (count > 0).sum() <= 9
    assert greedy_plan(crosses, MatingLimits(8, max_coancestry=0.1), 20, f) is None


def test_swaps_bring_a_plan_to_its_bound_and_leave_it_at_a_peak():
    n = 24
    crosses, f = all_crosses(9, n)
    free = MatingLimits(6, max_uses=3)
    greedy = greedy_plan(crosses, free, n)
    c = uses(crosses.take(greedy), n) / 12
    theta = 0.5 * (c @ f @ c) + 0.5 * f.mean()
    limits = MatingLimits(6, max_uses=3, max_coancestry=theta)
    every = np.arange(crosses.n_cross)
    found = improve_plan(crosses, greedy, every, limits, f)
    total = crosses.usefulness[found].sum()
    c = uses(crosses.take(found), n) / 12
    assert c @ f @ c <= theta * (1 + 1e-9)
    for place in range(6):
        for other in every[~np.isin(every, found)]:
            plan = found.copy()
            plan[place] = other
            share = uses(crosses.take(plan), n) / 12
            if share.max() <= 3 / 12 and share @ f @ share <= theta:
                assert crosses.usefulness[plan].sum() <= total + 1e-9
    low = MatingLimits(6, max_uses=3, max_coancestry=0.01)
    assert improve_plan(crosses, greedy, every, low, f) is None


def test_pairs_of_swaps_reach_the_best_plan_where_single_ones_stop():
    reached, n = [], 9
    for seed in range(11, 17):
        crosses, f = all_crosses(seed, n)
        every = np.arange(crosses.n_cross)
        values = []
        theta = 0.12 * f.max() + 0.88 * f.mean()
        limits = MatingLimits(
            3, max_uses=2, max_coancestry=theta, seeds=np.full(n, 2, int)
        )
        for trio in combinations(range(crosses.n_cross), 3):
            some = crosses.take(np.array(trio))
            c = uses(some, n) / 6
            kept = c.max() <= 1 / 3 and c @ f @ c <= theta
            if kept and np.bincount(some.first).max() <= 2:
                values.append(some.usefulness.sum())
        start = greedy_plan(crosses, MatingLimits(3, max_uses=2), n)
        single = improve_plan(crosses, start, every, limits, f)
        if single is None:
            continue
        pairs = improve_by_pairs(crosses, single, every, limits, f, 10.0)
        c = uses(crosses.take(pairs), n) / 6
        assert c @ f @ c <= theta * (1 + 1e-9)
        assert c.max() <= 1 / 3
        one, two = (crosses.usefulness[p].sum() for p in (single, pairs))
        assert one - 1e-12 <= two <= max(values) + 1e-12
        reached.append((max(values) - one, max(values) - two))
    lost = np.array(reached).sum(axis=0)
    assert lost[1] < lost[0]
