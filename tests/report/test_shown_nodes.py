import numpy as np
import pytest

from meristem.plan.assemble import node_edges
from meristem.report.shown_nodes import (
    choose_nodes,
    count_paths,
    hidden_links,
    node_scores,
)


def slow_paths(plan, node):
    """Count paths by recursion."""
    level = plan.levels[plan.node_level[node]]
    row = node - level.first_node
    own = int((level.variant_row == row).sum())
    parents = level.node_col[level.node_row == row].tolist()
    return own + sum(slow_paths(plan, parent) for parent in parents)


def test_paths_equal_the_slow_twin(big, plan):
    for one in (big, plan):
        slow = [slow_paths(one, node) for node in range(one.n_node)]
        assert count_paths(one).tolist() == slow


def test_a_small_plan_is_shown_whole(plan):
    choice = choose_nodes(plan, None, 14, 16)
    assert choice.node.tolist() == list(range(6))
    assert choice.hidden_outer.size == choice.hidden_inner.size == 0
    assert hidden_links(plan, choice) == []


def test_the_largest_values_are_shown(big):
    rng = np.random.default_rng(0)
    values = dict(zip(big.node_name.tolist(), rng.normal(size=big.n_node), strict=True))
    values["g00"] = float("nan")
    choice = choose_nodes(big, values, 7, 5)
    score = node_scores(big, values)
    outer = choice.node[choice.node < big.levels[0].n_node]
    inner = choice.node[choice.node >= big.levels[0].n_node]
    assert (outer.size, inner.size) == (7, 5)
    assert score[outer].min() >= score[choice.hidden_outer].max()
    assert score[inner].min() >= score[choice.hidden_inner].max()
    everything = [choice.node, choice.hidden_outer, choice.hidden_inner]
    assert sorted(np.concatenate(everything).tolist()) == list(range(big.n_node))


def test_without_values_shown_terms_get_shown_genes(big):
    choice = choose_nodes(big, None, 10, 10)
    source, target = node_edges(big)
    n_outer = big.levels[0].n_node
    for node in choice.node[choice.node >= n_outer].tolist():
        own = source[(target == node) & (source < n_outer)]
        assert own.size == 0 or np.isin(own, choice.node).any()


@pytest.mark.parametrize("values", [None, {}])
def test_no_shown_node_floats(big, values):
    choice = choose_nodes(big, values, 3, 3)
    links = hidden_links(big, choice)
    source, target = node_edges(big)
    shown = set(choice.node.tolist())
    direct = {
        (one, two)
        for one, two in zip(source.tolist(), target.tolist(), strict=True)
        if one in shown and two in shown
    } | {(head, big.n_node) for head in big.head_node.tolist() if head in shown}
    assert not direct & set(links)
    has_reader = {one for one, _ in direct | set(links)}
    assert has_reader >= shown
    assert all(two in shown or two == big.n_node for _, two in links)
