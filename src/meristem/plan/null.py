"""Plans that carry no knowledge, for controls: shuffled, random, and damaged.

Nodes keep their names and levels, so that omics and sensitivities stay attached to
the same names while the wiring below them means nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import PlanError
from meristem.plan.assemble import assemble_plan, take_apart
from meristem.records import IntArray, NetworkPlan

_ROUNDS = 20  # every edge is tried about this often
_ATTEMPTS = 50  # draws for an edge before it is left as it was


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


def swap_edges(
    source: IntArray,  # (n_edge,)
    target: IntArray,  # (n_edge,)
    group: IntArray,  # (n_edge,) swaps stay within a group
    rng: np.random.Generator,
) -> IntArray:  # (n_edge,) new sources, targets as they were
    """Exchange the sources of random pairs of edges, never making a double edge.

    In each round all edges are paired at random within their group, and each pair
    (a -> b, c -> d) becomes (c -> b, a -> d) unless that edge exists. In- and
    out-degree of every node stay as they are.

    References
    ----------
    Maslov & Sneppen 2002, Science 296:910: random graphs with the same degrees.

    Examples
    --------
    >>> import numpy as np
    >>> source, target = np.arange(6), np.arange(6) // 2
    >>> new = swap_edges(source, target, np.zeros(6, int), np.random.default_rng(0))
    >>> sorted(new.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    source = source.copy()
    if source.size < 2:
        return source
    width = int(target.max()) + 1
    for _ in range(_ROUNDS):
        order = np.lexsort((rng.random(source.size), group))
        order = order[int(rng.integers(2)) :]
        one = order[: order.size // 2 * 2 : 2]
        other = order[1 : order.size // 2 * 2 : 2]
        proposed = np.concatenate(
            [source[other] * width + target[one], source[one] * width + target[other]]
        )
        refused = np.isin(proposed, source * width + target)
        unique, inverse, count = np.unique(
            proposed, return_inverse=True, return_counts=True
        )
        refused |= count[inverse] > 1
        accept = ~(refused[: one.size] | refused[one.size :])
        accept &= group[one] == group[other]
        one, other = one[accept], other[accept]
        source[one], source[other] = source[other], source[one]
    return source


def random_cells(
    n_row: int,
    n_col: int,
    n_edge: int,
    rng: np.random.Generator,
    *,
    cover: bool,
) -> tuple[IntArray, IntArray]:  # each (n_edge,)
    """Draw different cells of a table at random; with `cover`, one in every row.

    Examples
    --------
    >>> import numpy as np
    >>> row, col = random_cells(3, 4, 5, np.random.default_rng(1), cover=True)
    >>> sorted(set(row.tolist())), row.size
    ([0, 1, 2], 5)
    """
    taken = np.zeros(0, dtype=np.int64)
    if cover:
        taken = np.arange(n_row) * n_col + rng.integers(n_col, size=n_row)
    if 2 * n_edge > n_row * n_col:
        free = np.setdiff1d(np.arange(n_row * n_col), taken)
        more = rng.choice(free, size=n_edge - taken.size, replace=False)
        taken = np.concatenate([taken, more])
    while taken.size < n_edge:
        drawn = rng.integers(n_row * n_col, size=n_edge - taken.size)
        taken = np.concatenate([taken, np.setdiff1d(drawn, taken)])
    return taken // n_col, taken % n_col


def replace_sources(
    row: IntArray,  # (n_edge,)
    col: IntArray,  # (n_edge,)
    chosen: NDArray[np.bool_],  # (n_edge,)
    n_choice: IntArray,  # (n_edge,) new columns are drawn from 0..n_choice-1
    rng: np.random.Generator,
) -> IntArray:  # (n_edge,) new columns
    """Draw new columns for the chosen edges, none an edge that was there before.

    An edge for which nothing free is found stays as it was.
    """
    width = int(max(col.max(initial=0), n_choice.max(initial=0))) + 1
    new = col.copy()
    taken = row * width + col
    waiting = np.flatnonzero(chosen & (n_choice > 0))
    for _ in range(_ATTEMPTS):
        if waiting.size == 0:
            break
        drawn = rng.integers(n_choice[waiting])
        key = row[waiting] * width + drawn
        first = np.zeros(waiting.size, dtype=bool)
        first[np.unique(key, return_index=True)[1]] = True
        accept = first & ~np.isin(key, taken)
        new[waiting[accept]] = drawn[accept]
        taken = np.concatenate([taken, key[accept]])
        waiting = waiting[~accept]
    return new
