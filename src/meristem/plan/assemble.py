"""Index arrays to a `NetworkPlan`: drop what nothing reaches, level, number, sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import PlanError
from meristem.knowledge.levels import node_levels
from meristem.records import IntArray, NetworkPlan, PlanLevel, StrArray, VariantTable


@dataclass(frozen=True)
class PlanParts:
    """Everything a plan is made of, in any order and with dead nodes still in."""

    variants: VariantTable
    node_name: StrArray  # (n_node,)
    node_kind: StrArray  # (n_node,)
    node_label: StrArray  # (n_node,)
    claim_node: IntArray  # (n_claim,) position in node_name
    claim_variant: IntArray  # (n_claim,) position in variants
    edge_source: IntArray  # (n_edge,) position in node_name
    edge_target: IntArray  # (n_edge,) position in node_name
    wanted_head: NDArray[np.bool_]  # (n_node,) read by the trait
    source: str = ""


def reached_nodes(
    n_node: int,
    claim_node: IntArray,  # (n_claim,)
    edge_source: IntArray,  # (n_edge,)
    edge_target: IntArray,  # (n_edge,)
) -> NDArray[np.bool_]:  # (n_node,)
    """Return the nodes that read a variant, directly or through other nodes.

    Examples
    --------
    >>> import numpy as np
    >>> reached_nodes(3, np.array([0]), np.array([0, 2]), np.array([1, 1])).tolist()
    [True, True, False]
    """
    reached = np.zeros(n_node, dtype=bool)
    reached[claim_node] = True
    before = -1
    while before != (before := int(reached.sum())):
        reached[edge_target[reached[edge_source]]] = True
    return reached


def _sorted_unique(
    row: IntArray,  # (n_edge,)
    col: IntArray,  # (n_edge,)
    width: int,
) -> tuple[IntArray, IntArray]:
    key = np.unique(row * max(width, 1) + col)
    return key // max(width, 1), key % max(width, 1)


def assemble_plan(parts: PlanParts) -> NetworkPlan:
    """Make a plan: nodes that no variant reaches are dropped, the rest is levelled.

    Level 0 reads variants alone; a node's level is one more than the highest of its
    parents. Within a level nodes are sorted by name. The trait reads the wanted
    heads and, so that nothing is computed in vain, every node without children.

    Raises
    ------
    PlanError
        If no node is reached by any variant.
    """
    n_node = parts.node_name.size
    keep = reached_nodes(n_node, parts.claim_node, parts.edge_source, parts.edge_target)
    if not keep.any():
        raise PlanError(
            "no node of the network reads any variant",
            where=parts.source,
            remedy="check that variant ids, contigs and positions fit the knowledge",
        )
    alive = keep[parts.edge_source] & keep[parts.edge_target]
    edge_source, edge_target = parts.edge_source[alive], parts.edge_target[alive]
    level = node_levels(n_node, edge_source, edge_target)
    kept = np.flatnonzero(keep)
    kept = kept[np.lexsort((parts.node_name[kept], level[kept]))]
    number = np.full(n_node, -1, dtype=np.int64)
    number[kept] = np.arange(kept.size)
    node_level = level[kept]
    first = np.searchsorted(node_level, np.arange(node_level[-1] + 2))
    claim = _sorted_unique(
        number[parts.claim_node], parts.claim_variant, parts.variants.n_variant
    )
    edge = _sorted_unique(number[edge_target], number[edge_source], kept.size)
    childless = np.ones(kept.size, dtype=bool)
    childless[edge[1]] = False
    head = np.flatnonzero(childless | parts.wanted_head[kept])
    return NetworkPlan(
        parts.variants,
        parts.node_name[kept],
        parts.node_kind[kept],
        node_level,
        tuple(
            _level(int(low), int(high), claim, edge)
            for low, high in zip(first[:-1], first[1:], strict=True)
        ),
        head,
        parts.source,
        parts.node_label[kept],
    )


def _level(
    low: int,
    high: int,
    claim: tuple[IntArray, IntArray],  # node, variant; sorted
    edge: tuple[IntArray, IntArray],  # node, parent; sorted
) -> PlanLevel:
    claim_from, claim_to = np.searchsorted(claim[0], [low, high])
    edge_from, edge_to = np.searchsorted(edge[0], [low, high])
    return PlanLevel(
        first_node=low,
        n_node=high - low,
        variant_row=claim[0][claim_from:claim_to] - low,
        variant_col=claim[1][claim_from:claim_to],
        node_row=edge[0][edge_from:edge_to] - low,
        node_col=edge[1][edge_from:edge_to],
    )


def take_apart(plan: NetworkPlan) -> PlanParts:
    """Return the parts of a plan; `assemble_plan` makes the same plan of them."""
    head = np.zeros(plan.n_node, dtype=bool)
    head[plan.head_node] = True
    claim_node, claim_variant = variant_edges(plan)
    edge_source, edge_target = node_edges(plan)
    return PlanParts(
        plan.variants,
        plan.node_name,
        plan.node_kind,
        node_labels(plan),
        claim_node,
        claim_variant,
        edge_source,
        edge_target,
        head,
        plan.source,
    )


def node_labels(plan: NetworkPlan) -> StrArray:  # (n_node,)
    """Return readable names of the nodes, the names themselves where none are known."""
    return plan.node_name if plan.node_label is None else plan.node_label


def variant_edges(plan: NetworkPlan) -> tuple[IntArray, IntArray]:
    """Return node and variant of every edge from a variant, over all levels."""
    empty = np.zeros(0, dtype=np.int64)
    nodes = [level.variant_row + level.first_node for level in plan.levels]
    variants = [level.variant_col for level in plan.levels]
    return np.concatenate([empty, *nodes]), np.concatenate([empty, *variants])


def node_edges(plan: NetworkPlan) -> tuple[IntArray, IntArray]:
    """Return parent and child of every edge between nodes, over all levels."""
    empty = np.zeros(0, dtype=np.int64)
    parents = [level.node_col for level in plan.levels]
    children = [level.node_row + level.first_node for level in plan.levels]
    return np.concatenate([empty, *parents]), np.concatenate([empty, *children])
