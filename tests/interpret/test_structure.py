from __future__ import annotations

import numpy as np

from meristem.interpret.structure import upstream_variants
from meristem.records import NetworkPlan, PlanLevel


def test_upstream_counts_by_hand(plan):
    # v2 is shared by g1 and g2 and counts once for the term
    assert upstream_variants(plan).sum(axis=1).tolist() == [3, 3, 1, 5]


def test_skip_edges_over_three_levels(plan):
    nothing = np.empty(0, dtype=np.int64)
    top = PlanLevel(
        4, 1, np.array([0]), np.array([8]), np.array([0, 0]), np.array([2, 3])
    )
    deep = NetworkPlan(
        plan.variants,
        np.array([*plan.node_name, "top"]),
        np.array([*plan.node_kind, "term"]),
        np.array([0, 0, 0, 1, 2]),
        (*plan.levels, top),
        np.array([4]),
    )
    reach = upstream_variants(deep).toarray()
    assert np.flatnonzero(reach[4]).tolist() == [0, 1, 2, 3, 4, 5, 8]
    assert set(np.unique(reach)) == {0, 1}
    assert nothing.size == 0


def test_a_plan_without_nodes(plan):
    empty = NetworkPlan(
        plan.variants,
        np.empty(0, dtype="<U1"),
        np.empty(0, dtype="<U1"),
        np.empty(0, dtype=np.int64),
        (),
        np.empty(0, dtype=np.int64),
    )
    assert upstream_variants(empty).shape[0] == 0
