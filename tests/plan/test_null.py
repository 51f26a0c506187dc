import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import PlanError
from meristem.plan.assemble import node_edges, variant_edges
from meristem.plan.null import (
    corrupt_plan,
    random_cells,
    random_plan,
    replace_sources,
    shuffle_plan,
    swap_edges,
)


def share_changed(named, plan, other):
    """Return the shares of the variant and node edges that another plan lacks."""
    pairs = zip(named(plan), named(other), strict=True)
    return [len(one - two) / len(one) for one, two in pairs]


def degrees(plan):
    """Numbers per node and variant, edges between each pair of levels apart."""
    node, variant = variant_edges(plan)
    source, target = node_edges(plan)
    pair = plan.node_level[source] * 10 + plan.node_level[target]
    found = {
        "variants per node": np.bincount(node, minlength=plan.n_node),
        "nodes per variant": np.bincount(variant, minlength=plan.variants.n_variant),
    }
    for one in np.unique(pair):
        own = pair == one
        found[f"parents {one}"] = np.bincount(target[own], minlength=plan.n_node)
        found[f"children {one}"] = np.bincount(source[own], minlength=plan.n_node)
    return found


def test_shuffling_keeps_every_degree_and_name(big):
    null = shuffle_plan(big, np.random.default_rng(1))
    before, after = degrees(big), degrees(null)
    assert before.keys() == after.keys()
    assert len(before) > 6  # skip edges are among them
    for name in before:
        assert np.array_equal(before[name], after[name]), name
    for name in ("node_name", "node_kind", "node_level", "head_node"):
        assert np.array_equal(getattr(big, name), getattr(null, name)), name
    assert null.variants is big.variants
    assert null.source.startswith("shuffled")


def test_shuffling_changes_most_edges(big, named):
    changed = share_changed(named, big, shuffle_plan(big, np.random.default_rng(1)))
    assert changed[0] > 0.9
    assert changed[1] > 0.6
    assert share_changed(named, big, big) == [0.0, 0.0]


def test_seeds_decide(big):
    for make in (shuffle_plan, random_plan):
        one = make(big, np.random.default_rng(4)).hash
        assert one == make(big, np.random.default_rng(4)).hash
        assert one != make(big, np.random.default_rng(5)).hash


def test_a_random_plan_has_the_same_size(big, named):
    null = random_plan(big, np.random.default_rng(2))
    assert np.array_equal(null.node_name, big.node_name)
    assert np.array_equal(null.node_level, big.node_level)
    before, after = degrees(big), degrees(null)
    for name in before:
        assert before[name].sum() == after[name].sum(), name
    assert not np.array_equal(before["variants per node"], after["variants per node"])
    assert set(big.head_node.tolist()) <= set(null.head_node.tolist())
    assert share_changed(named, big, null)[0] > 0.95


@pytest.mark.parametrize(("wrong", "missing"), [(0.3, 0.0), (0.0, 0.5), (0.25, 0.5)])
def test_damage_is_of_the_size_asked(big, named, wrong, missing):
    null = corrupt_plan(big, np.random.default_rng(3), wrong=wrong, missing=missing)
    for before, after in zip(named(big), named(null), strict=True):
        n_kept = len(before) - round(missing * len(before))
        n_right = n_kept - round(wrong * n_kept)
        if missing == 0:  # then no node loses all its inputs, and no edge is lost
            assert len(after) == len(before)
            assert len(before & after) == n_right
        assert len(before & after) <= n_right
        assert len(after) <= n_kept


def test_no_damage_is_no_change(big):
    assert corrupt_plan(big, np.random.default_rng(0)).hash == big.hash


def test_a_damaged_plan_is_still_a_plan(plan, big):
    for one in (plan, big):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            null = corrupt_plan(one, rng, wrong=0.3, missing=0.3)
            source, target = node_edges(null)
            assert (null.node_level[source] < null.node_level[target]).all()
            assert set(null.node_name.tolist()) <= set(one.node_name.tolist())


@pytest.mark.parametrize("shares", [{"wrong": 1.5}, {"missing": -0.1}])
def test_shares_are_shares(plan, shares):
    with pytest.raises(PlanError, match="is no share"):
        corrupt_plan(plan, np.random.default_rng(0), **shares)


def test_nothing_left_is_refused(plan):
    with pytest.raises(PlanError, match="reads any variant"):
        corrupt_plan(plan, np.random.default_rng(0), missing=1.0)


def edge_list(seed, n_source, n_target, n_edge):
    rng = np.random.default_rng(seed)
    cells = rng.choice(n_source * n_target, size=n_edge, replace=False)
    return cells // n_target, cells % n_target


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_swaps_keep_degrees_groups_and_simplicity(seed, n_edge):
    source, target = edge_list(seed, 9, 7, n_edge)
    group = target % 2
    before = source.copy()
    new = swap_edges(source, target, group, np.random.default_rng(seed + 1))
    assert np.array_equal(source, before)
    for one in (0, 1):
        own = group == one
        assert sorted(new[own].tolist()) == sorted(source[own].tolist())
    assert len(set(zip(new.tolist(), target.tolist(), strict=True))) == n_edge


def test_swaps_reach_every_arrangement_evenly():
    # Two targets with two sources each out of four: six simple arrangements.
    source, target = np.arange(4), np.array([0, 0, 1, 1])
    rng = np.random.default_rng(7)
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(480):
        new = swap_edges(source, target, np.zeros(4, dtype=int), rng)
        key = tuple(sorted(new[:2].tolist()))
        seen[key] = seen.get(key, 0) + 1
    assert len(seen) == 6
    # chi-square with 5 degrees of freedom; 20.5 is passed once in a thousand runs
    assert sum((count - 80) ** 2 / 80 for count in seen.values()) < 20.5


def test_a_full_table_cannot_change():
    source, target = np.repeat(np.arange(3), 2), np.tile(np.arange(2), 3)
    new = swap_edges(source, target, np.zeros(6, int), np.random.default_rng(1))
    assert np.array_equal(new, source)


@settings(max_examples=40)
@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
    st.integers(0, 2**31),
    st.data(),
)
def test_random_cells_are_different_and_cover(n_row, n_col, cover, seed, data):
    n_edge = data.draw(st.integers(n_row if cover else 0, n_row * n_col))
    rng = np.random.default_rng(seed)
    row, col = random_cells(n_row, n_col, n_edge, rng, cover=cover)
    assert len(set(zip(row.tolist(), col.tolist(), strict=True))) == n_edge == row.size
    assert col.min(initial=0) >= 0
    assert col.max(initial=0) < n_col
    if cover:
        assert set(row.tolist()) == set(range(n_row))


def test_random_cells_are_even():
    rng = np.random.default_rng(3)
    count = np.zeros((4, 6))
    for _ in range(4000):
        row, col = random_cells(4, 6, 9, rng, cover=False)
        count[row, col] += 1
    assert np.abs(count / 4000 - 9 / 24).max() < 0.04


def test_replaced_edges_are_new_and_single():
    row, col = edge_list(11, 40, 12, 150)
    row, col = col, row  # targets 0..11, sources 0..39
    chosen = np.zeros(150, dtype=bool)
    chosen[::3] = True
    n_choice = np.full(150, 40)
    new = replace_sources(row, col, chosen, n_choice, np.random.default_rng(2))
    assert np.array_equal(new[~chosen], col[~chosen])
    before = set(zip(row.tolist(), col.tolist(), strict=True))
    wrong = set(zip(row[chosen].tolist(), new[chosen].tolist(), strict=True))
    assert len(wrong) == 50
    assert not wrong & before


def test_where_nothing_is_free_edges_stay():
    row, col = np.zeros(3, dtype=int), np.arange(3)
    new = replace_sources(
        row, col, np.ones(3, dtype=bool), np.full(3, 3), np.random.default_rng(0)
    )
    assert np.array_equal(new, col)


@pytest.mark.parametrize("n_edge", [0, 1])
def test_too_few_edges_to_swap(n_edge):
    edges = np.zeros(n_edge, dtype=np.int64)
    assert np.array_equal(
        swap_edges(edges, edges, edges, np.random.default_rng(0)), edges
    )
