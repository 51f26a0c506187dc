"""What a plan says of its nodes: how much they read, and what stands below them."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from meristem.plan.assemble import node_edges, variant_edges
from meristem.records import IntArray, NetworkPlan


def node_family(plan: NetworkPlan) -> IntArray:  # (n_node,)
    """Return 0 for genes and 1 for what stands above: each is a question of its own.

    Thousands of genes and a hundred pathways are not one family of tests. In a graph
    without genes all nodes are one.
    """
    genes = plan.node_kind == "gene"
    if not genes.any():
        return np.zeros(plan.n_node, dtype=np.int64)
    return np.where(genes, 0, 1)


def upstream_variants(plan: NetworkPlan) -> scipy.sparse.csr_array:
    """Return which variants stand at or below each node, (n_node, n_variant) 0/1."""
    node, variant = variant_edges(plan)
    shape = (plan.n_node, plan.variants.n_variant)
    ones = np.ones(node.size, dtype=np.int64)
    reach = scipy.sparse.csr_array((ones, (node, variant)), shape=shape)
    source, reader = node_edges(plan)
    ones = np.ones(reader.size, dtype=np.int64)
    reads = scipy.sparse.csr_array(
        (ones, (reader, source)), shape=(plan.n_node, plan.n_node)
    )
    # every level adds what its sources have: as many rounds as there are levels
    for _ in plan.levels[1:]:
        reach = reach + reads @ reach
        reach.data[:] = 1
    return reach
