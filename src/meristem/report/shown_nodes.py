"""Which nodes of a large plan to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.plan.assemble import node_edges
from meristem.plan.summary import count_parents
from meristem.records import FloatArray, IntArray, NetworkPlan


@dataclass(frozen=True)
class Choice:
    """The nodes to draw, and the ones that are not."""

    node: IntArray  # (n_shown,) sorted
    hidden_outer: IntArray  # (n_hidden,) nodes of level 0
    hidden_inner: IntArray  # (n_hidden,) nodes of higher levels


def count_paths(plan: NetworkPlan) -> FloatArray:  # (n_node,)
    """Return the number of paths from variants to each node.

    Examples
    --------
    A variant that reaches a node in two ways counts twice.
    """
    paths = count_parents(plan)[0].astype(np.float64)
    for level in plan.levels[1:]:
        into = np.bincount(
            level.node_row, weights=paths[level.node_col], minlength=level.n_node
        )
        paths[level.first_node : level.first_node + level.n_node] += into
    return paths


def node_scores(
    plan: NetworkPlan,
    values: Mapping[str, float] | None,
) -> FloatArray:  # (n_node,)
    """Return the size of each node's value; without values, its paths to variants."""
    if values is None:
        return count_paths(plan)
    score = [abs(values.get(name, 0.0)) for name in plan.node_name.tolist()]
    return np.nan_to_num(np.array(score, dtype=np.float64))


def choose_nodes(
    plan: NetworkPlan,
    values: Mapping[str, float] | None,
    max_outer: int,
    max_inner: int,
) -> Choice:
    """Choose the nodes with the highest scores, on level 0 and above it.

    Without values, every chosen higher node gets its best node of level 0 in turn: a
    drawing without edges says nothing.

    Parameters
    ----------
    plan
        The plan.
    values
        A value per node name, a sensitivity for example.
    max_outer, max_inner
        Limits for level 0 and for all higher levels together.

    Returns
    -------
    Choice
        The nodes, by number.
    """
    score = node_scores(plan, values)
    n_outer = plan.levels[0].n_node
    inner = np.arange(n_outer, plan.n_node)
    inner = inner[np.argsort(-score[inner], kind="stable")][:max_inner]
    outer = np.argsort(-score[:n_outer], kind="stable")
    if values is None and n_outer > max_outer:
        outer = np.array(_in_turn(plan, inner, score, outer), dtype=np.int64)
    outer = outer[:max_outer]
    return Choice(
        np.sort(np.concatenate([outer, inner])),
        np.setdiff1d(np.arange(n_outer), outer),
        np.setdiff1d(np.arange(n_outer, plan.n_node), inner),
    )


def _in_turn(
    plan: NetworkPlan,
    inner: IntArray,  # (n_inner,) by falling score
    score: FloatArray,  # (n_node,)
    outer: IntArray,  # (n_outer,) by falling score
) -> list[int]:
    """Return outer nodes so that every inner node gets its best one in turn."""
    source, target = node_edges(plan)
    feeds = []
    for node in inner.tolist():
        own = source[target == node]
        own = own[own < outer.size]
        feeds.append(own[np.argsort(-score[own], kind="stable")].tolist())
    turns: dict[int, None] = {}
    while any(feeds):
        for own in feeds:
            while own and own[0] in turns:
                own.pop(0)
            if own:
                turns[own.pop(0)] = None
    turns.update(dict.fromkeys(outer.tolist()))
    return list(turns)


def hidden_links(plan: NetworkPlan, choice: Choice) -> list[tuple[int, int]]:
    """Return links through nodes that are not drawn, for nodes that would float.

    A drawn node without a drawn reader is linked to the nearest drawn node that it
    reaches; one without a drawn input to the nearest that reaches it.

    Returns
    -------
    list of tuple
        Pairs of node numbers; `plan.n_node` stands for the trait.
    """
    source, target = node_edges(plan)
    heads = plan.head_node
    source = np.concatenate([source, heads])
    target = np.concatenate([target, np.full(heads.size, plan.n_node)])
    shown = np.zeros(plan.n_node + 1, dtype=bool)
    shown[choice.node] = True
    shown[plan.n_node] = True
    direct = shown[source] & shown[target]
    links = []
    for node in choice.node.tolist():
        if not np.any(source[direct] == node):
            found = _nearest_shown(node, source, target, shown)
            links += [(node, found)] if found is not None else []
        if node >= plan.levels[0].n_node and not np.any(target[direct] == node):
            found = _nearest_shown(node, target, source, shown)
            links += [(found, node)] if found is not None else []
    return sorted(set(links))


def _nearest_shown(
    node: int,
    start: IntArray,  # (n_edge,)
    end: IntArray,  # (n_edge,)
    shown: NDArray[np.bool_],  # (n_node + 1,)
) -> int | None:
    """Return the first drawn node on the way from `node` along the edges."""
    seen = np.zeros(shown.size, dtype=bool)
    front = np.array([node])
    while front.size:
        reached = np.unique(end[np.isin(start, front)])
        hit = reached[shown[reached]]
        if hit.size:
            return int(hit[0])
        front = reached[~seen[reached]]
        seen[front] = True
    return None
