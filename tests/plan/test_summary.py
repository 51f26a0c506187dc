import json

import numpy as np
import pytest

from meristem.plan.summary import count_parents, network_json, plan_summary


def slow_costs(plan, hidden, width, variant_hidden):
    """Sum products, parameters and activations node by node."""
    n_variant, n_parent = count_parents(plan)
    products = parameters = activations = 0
    for node in range(plan.n_node):
        inputs = int(n_variant[node] + n_parent[node] * width)
        widths = (*(hidden if n_parent[node] else variant_hidden), width)
        for size in widths:
            products += inputs * size
            parameters += inputs * size + size
            activations += size
            inputs = size
    ends = plan.variants.n_variant + plan.head_node.size * width
    return (
        products + ends,
        parameters + ends + 1,
        activations + plan.variants.n_variant,
    )


@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)])
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("variant_hidden", [(), (6,)])
def test_costs_equal_the_slow_twin(plan, hidden, width, variant_hidden):
    summary = plan_summary(plan, hidden, width, 10, variant_hidden)
    products, parameters, activations = slow_costs(plan, hidden, width, variant_hidden)
    assert summary.n_parameter == parameters
    assert summary.weight_bytes == 16 * parameters
    assert summary.activation_bytes == 40 * activations
    assert summary.step_flop == 60 * products


def test_counts_by_hand(plan):
    summary = plan_summary(plan)
    assert (summary.n_variant, summary.n_claimed) == (7, 4)
    assert (summary.n_node, summary.n_edge, summary.n_head) == (6, 10, 2)
    assert summary.nodes_by_kind == {"gene": 3, "metabolite": 1, "term": 2}
    assert summary.depth == 4
    levels = [
        (level.n_node, level.n_variant_edge, level.n_node_edge, level.max_parents)
        for level in summary.levels
    ]
    assert levels == [(3, 4, 0, 2), (1, 0, 2, 2), (1, 1, 2, 3), (1, 0, 1, 1)]
    n_variant, n_parent = count_parents(plan)
    assert n_variant.tolist() == [2, 1, 1, 0, 1, 0]
    assert n_parent.tolist() == [0, 0, 0, 2, 2, 1]
    json.dumps(summary.to_json())


def test_memory_follows_edges_not_products(big):
    small, large = plan_summary(big, (8,)), plan_summary(big, (16,))
    edges = big.n_edge
    assert small.n_parameter < 16 * edges + big.variants.n_variant + 20 * big.n_node
    assert small.n_parameter < large.n_parameter < 2 * small.n_parameter


def test_the_network_file(plan):
    written = json.loads(json.dumps(network_json(plan)))
    assert [node["name"] for node in written["nodes"]] == plan.node_name.tolist()
    assert written["nodes"][-1] == {
        "name": "m",
        "label": "sucrose",
        "kind": "metabolite",
        "level": 3,
        "n_variants": 0,
        "n_parents": 1,
        "head": True,
    }
    edges = {(edge["source"], edge["target"]) for edge in written["edges"]}
    assert edges == {
        ("g1", "t1"), ("g2", "t1"), ("t1", "t2"), ("g1", "t2"), ("t2", "m")
    }  # fmt: skip
    assert written["counts"]["edges"] == 10
    assert written["counts"]["variants_read"] == 4
    assert written["hash"] == plan.hash
    assert np.sum([level["n_node"] for level in written["counts"]["levels"]]) == 6
