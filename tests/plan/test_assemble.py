from dataclasses import replace

import numpy as np
import pytest

from meristem.errors import PlanError
from meristem.plan.assemble import (
    assemble_plan,
    node_edges,
    node_labels,
    take_apart,
    variant_edges,
)


def test_taking_apart_and_assembling_is_the_identity(big, plan):
    for one in (big, plan):
        again = assemble_plan(take_apart(one))
        assert again.hash == one.hash
        assert np.array_equal(again.node_level, one.node_level)
        assert np.array_equal(again.head_node, one.head_node)


def test_double_edges_and_dead_nodes_vanish(plan):
    parts = take_apart(plan)
    name = np.append(parts.node_name, "dead")
    doubled = replace(
        parts,
        node_name=name,
        node_kind=np.append(parts.node_kind, "gene"),
        node_label=name,
        wanted_head=np.append(parts.wanted_head, True),
        claim_node=np.tile(parts.claim_node, 2),
        claim_variant=np.tile(parts.claim_variant, 2),
        edge_source=np.append(parts.edge_source, 6),
        edge_target=np.append(parts.edge_target, 0),
    )
    assert assemble_plan(doubled).hash == plan.hash


def test_nothing_to_read_is_refused(plan):
    parts = take_apart(plan)
    none = np.zeros(0, dtype=np.int64)
    with pytest.raises(PlanError, match="no node of the network reads any variant"):
        assemble_plan(replace(parts, claim_node=none, claim_variant=none))


def test_edges_over_all_levels(plan):
    node, variant = variant_edges(plan)
    assert node.tolist() == [0, 0, 1, 2, 4]
    assert variant.tolist() == [1, 3, 1, 5, 0]
    source, target = node_edges(plan)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == [
        (0, 3), (1, 3), (0, 4), (3, 4), (4, 5)
    ]  # fmt: skip
    assert node_labels(replace(plan, node_label=None)) is plan.node_name
