from __future__ import annotations

import numpy as np
from tests.toys import network_plan

from meristem.interpret.structure import upstream_variants


def test_upstream_counts_by_hand(plan):
    # v2 is shared by g1 and g2 and counts once for the term
    assert upstream_variants(plan).sum(axis=1).tolist() == [3, 3, 1, 5]


def test_skip_edges_over_three_levels(plan):
    deep = network_plan(
        {"g1": (0, 1, 2), "g2": (2, 3, 4), "g3": (5,)},
        {"term": ("g1", "g2")},
        {"top": (8, "g3", "term")},
        variants=plan.variants,
        heads=["top"],
    )
    reach = upstream_variants(deep).toarray()
    assert np.flatnonzero(reach[4]).tolist() == [0, 1, 2, 3, 4, 5, 8]
    assert set(np.unique(reach)) == {0, 1}


def test_a_plan_without_nodes(plan):
    empty = network_plan(variants=plan.variants, heads=[])
    assert upstream_variants(empty).shape[0] == 0
