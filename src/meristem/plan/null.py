"""Plans that carry no knowledge, for controls: shuffled, random, and damaged.

Nodes keep their names and levels, so that omics and sensitivities stay attached to
the same names while the wiring below them means nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.errors import PlanError
from meristem.plan.assemble import assemble_plan, take_apart
from meristem.plan.rewire import random_cells, replace_sources, swap_edges
from meristem.records import IntArray, NetworkPlan


def _level_pairs(plan: NetworkPlan, source: IntArray, target: IntArray) -> IntArray:
    """Return one number for every pair of source level and target level."""
    return plan.node_level[source] * len(plan.levels) + plan.node_level[target]


def shuffle_plan(plan: NetworkPlan, rng: np.random.Generator) -> NetworkPlan:
    """Rewire a plan at random, keeping every degree.

    Each node reads as many variants as before, and each variant is read as often;
    each node has as many parents and children on every level as before. Where a
    level pair is so small or full that no swap exists (two edges into one node,
    say) its edges stay.

    Parameters
    ----------
    plan
        The plan to shuffle.
    rng
        Source of randomness.

    Returns
    -------
    NetworkPlan
        Same names, kinds, levels, heads and counts, other edges.

    References
    ----------
    Maslov & Sneppen 2002, Science 296:910.
    """
    parts = take_apart(plan)
    one_group = np.zeros(parts.claim_node.size, dtype=np.int64)
    pairs = _level_pairs(plan, parts.edge_source, parts.edge_target)
    return assemble_plan(
        replace(
            parts,
            claim_variant=swap_edges(
                parts.claim_variant, parts.claim_node, one_group, rng
            ),
            edge_source=swap_edges(parts.edge_source, parts.edge_target, pairs, rng),
            source=f"shuffled {plan.source}".strip(),
        )
    )


def random_plan(plan: NetworkPlan, rng: np.random.Generator) -> NetworkPlan:
    """Draw a random plan of the same size.

    The same nodes per level, the same number of edges from variants into each level
    and between each pair of levels; which node reads what is random, degrees too.
    Variants are drawn from the whole table. A node that no other node reads any
    more is read by the trait.

    Parameters
    ----------
    plan
        The plan whose size to match.
    rng
        Source of randomness.

    Returns
    -------
    NetworkPlan
        Same names, kinds and levels.
    """
    parts = take_apart(plan)
    claims: list[tuple[IntArray, IntArray]] = []
    edges: list[tuple[IntArray, IntArray]] = []
    n_variant = plan.variants.n_variant
    for number, level in enumerate(plan.levels):
        n_claim = level.variant_row.size
        if n_claim:
            row, col = random_cells(
                level.n_node, n_variant, n_claim, rng, cover=number == 0
            )
            claims.append((row + level.first_node, col))
        for below in range(number):
            lower = plan.levels[below]
            n_edge = int((plan.node_level[level.node_col] == below).sum())
            if n_edge:
                row, col = random_cells(
                    level.n_node, lower.n_node, n_edge, rng, cover=below == number - 1
                )
                edges.append((col + lower.first_node, row + level.first_node))
    empty = np.zeros(0, dtype=np.int64)
    return assemble_plan(
        replace(
            parts,
            claim_node=np.concatenate([empty, *(node for node, _ in claims)]),
            claim_variant=np.concatenate([empty, *(variant for _, variant in claims)]),
            edge_source=np.concatenate([empty, *(source for source, _ in edges)]),
            edge_target=np.concatenate([empty, *(target for _, target in edges)]),
            source=f"random like {plan.source}".strip(),
        )
    )


def _drop(n_edge: int, share: float, rng: np.random.Generator) -> IntArray:
    """Return the edges that stay when a share of them is lost, in order."""
    n_keep = n_edge - round(share * n_edge)
    return np.sort(rng.permutation(n_edge)[:n_keep])


def _choose(n_edge: int, share: float, rng: np.random.Generator) -> np.ndarray:
    chosen = np.zeros(n_edge, dtype=bool)
    chosen[rng.permutation(n_edge)[: round(share * n_edge)]] = True
    return chosen


def corrupt_plan(
    plan: NetworkPlan,
    rng: np.random.Generator,
    *,
    wrong: float = 0.0,
    missing: float = 0.0,
) -> NetworkPlan:
    """Damage a plan: replace a share of its edges by wrong ones, lose another share.

    Edges from variants and between nodes suffer alike; those into the trait stay. A
    wrong parent is a node of any lower level, or any variant, that was no parent
    before. Missing edges go first, the wrong share is one of those that stay. Nodes
    left without any input are dropped, and levels are counted anew.

    Parameters
    ----------
    plan
        The plan to damage.
    rng
        Source of randomness.
    wrong, missing
        Shares of edges, 0 to 1.

    Returns
    -------
    NetworkPlan
        The damaged plan over the same variants.

    Raises
    ------
    PlanError
        If a share lies outside 0..1, or nothing is left.
    """
    for name, share in (("wrong", wrong), ("missing", missing)):
        if not 0 <= share <= 1:
            raise PlanError(f"{name} = {share} is no share", remedy="give 0 to 1")
    parts = take_apart(plan)
    n_claim, n_edge = parts.claim_node.size, parts.edge_source.size
    first_node = np.array([level.first_node for level in plan.levels])
    n_lower = first_node[plan.node_level[parts.edge_target]]
    keep_claim = _drop(n_claim, missing, rng)
    keep_edge = _drop(n_edge, missing, rng)
    wrong_claim = np.zeros(n_claim, dtype=bool)
    wrong_claim[keep_claim] = _choose(keep_claim.size, wrong, rng)
    wrong_edge = np.zeros(n_edge, dtype=bool)
    wrong_edge[keep_edge] = _choose(keep_edge.size, wrong, rng)
    n_variant = np.full(n_claim, plan.variants.n_variant)
    variant = replace_sources(
        parts.claim_node, parts.claim_variant, wrong_claim, n_variant, rng
    )
    source = replace_sources(
        parts.edge_target, parts.edge_source, wrong_edge, n_lower, rng
    )
    return assemble_plan(
        replace(
            parts,
            claim_node=parts.claim_node[keep_claim],
            claim_variant=variant[keep_claim],
            edge_source=source[keep_edge],
            edge_target=parts.edge_target[keep_edge],
            source=f"damaged {plan.source}".strip(),
        )
    )
