import numpy as np
import pytest

from meristem.errors import PlanError
from meristem.plan.assemble import node_edges, variant_edges
from meristem.plan.null import (
    corrupt_plan,
    random_plan,
    shuffle_plan,
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
