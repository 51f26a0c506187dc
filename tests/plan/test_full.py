"""`meristem.plan.full`: every node reads everything below it."""

from __future__ import annotations

import numpy as np

from meristem.plan.assemble import node_edges, variant_edges
from meristem.plan.full import full_plan


def test_every_edge_between_neighbouring_levels_is_there(plan):
    made = full_plan(plan, 3)
    n_variant, n_level = plan.variants.n_variant, len(plan.levels)
    assert n_level > 2
    assert [level.n_node for level in made.levels] == [3] * n_level
    node, variant = variant_edges(made)
    assert set(zip(node.tolist(), variant.tolist(), strict=True)) == {
        (j, k) for j in range(3) for k in range(n_variant)
    }
    source, target = node_edges(made)
    assert source.size == 9 * (n_level - 1)
    assert (made.node_level[target] - made.node_level[source] == 1).all()
    assert (made.node_level[made.head_node] == n_level - 1).all()
    assert np.unique(made.head_node).size == 3
