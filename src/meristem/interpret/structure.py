"""What a plan says of its nodes: how much they read, and what stands below them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from meristem.records import IntArray, NetworkPlan


@dataclass(frozen=True)
class NodeSize:
    """How large each node is, by four counts."""

    n_variants: IntArray  # (n_node,) variants it reads directly
    n_parents: IntArray  # (n_node,) nodes it reads directly
    n_readers: IntArray  # (n_node,) nodes that read it, and the trait if it does
    n_upstream: IntArray  # (n_node,) variants at or below it, each once


def node_edges(plan: NetworkPlan) -> tuple[IntArray, IntArray]:
    """Return reader and source of every edge between nodes, as node numbers."""
    reader = [level.first_node + level.node_row for level in plan.levels]
    source = [level.node_col for level in plan.levels]
    return _joined(reader), _joined(source)


def variant_edges(plan: NetworkPlan) -> tuple[IntArray, IntArray]:
    """Return node and variant of every edge from a variant, as numbers."""
    reader = [level.first_node + level.variant_row for level in plan.levels]
    source = [level.variant_col for level in plan.levels]
    return _joined(reader), _joined(source)


def node_size(plan: NetworkPlan) -> NodeSize:
    """Return the size of every node of a plan."""
    reader, source = node_edges(plan)
    node, _ = variant_edges(plan)
    counts = np.bincount
    n_node = plan.n_node
    readers = counts(source, minlength=n_node)
    readers[plan.head_node] += 1
    return NodeSize(
        n_variants=counts(node, minlength=n_node),
        n_parents=counts(reader, minlength=n_node),
        n_readers=readers,
        n_upstream=np.asarray(upstream_variants(plan).sum(axis=1)).ravel(),
    )


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
    reader, source = node_edges(plan)
    ones = np.ones(reader.size, dtype=np.int64)
    reads = scipy.sparse.csr_array(
        (ones, (reader, source)), shape=(plan.n_node, plan.n_node)
    )
    # every level adds what its sources have: as many rounds as there are levels
    for _ in plan.levels[1:]:
        reach = reach + reads @ reach
        reach.data[:] = 1
    return reach


def _joined(parts: list[IntArray]) -> IntArray:
    if not parts:
        return np.empty(0, dtype=np.int64)
    return np.concatenate(parts).astype(np.int64)
