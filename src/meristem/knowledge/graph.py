"""`KnowledgeGraph`: typed nodes and directed edges from cause to effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import KnowledgeError
from meristem.knowledge.levels import find_cycle, node_levels
from meristem.records import IntArray, StrArray

GENERIC_KIND = "node"
"""Kind of a node of which a file says no more; any other kind overrules it."""


@dataclass(frozen=True)
class KnowledgeGraph:
    """Prior knowledge as an acyclic graph; nodes are sorted by name.

    An edge runs from cause to effect: gene to term, term to wider term, regulator
    to target. A claim says that a node reads a variant, by variant id.
    """

    node_name: StrArray  # (n_node,) unique, sorted
    node_kind: StrArray  # (n_node,) "gene", "term", "set", "metabolite", ...
    node_label: StrArray  # (n_node,) readable; the name where nothing better is known
    edge_source: IntArray  # (n_edge,) position of the cause in node_name
    edge_target: IntArray  # (n_edge,) position of the effect in node_name
    edge_kind: StrArray  # (n_edge,) "annotation", "is_a", "regulation", ... or ""
    edge_sign: NDArray[np.int8]  # (n_edge,) -1, 0 unknown, +1
    claim_node: IntArray  # (n_claim,) position in node_name
    claim_variant: StrArray  # (n_claim,) variant id
    trait_parents: tuple[str, ...] = ()  # empty: the nodes without children
    source: str = ""  # files it came from

    def __post_init__(self) -> None:
        if np.any(self.node_name[1:] <= self.node_name[:-1]):
            raise KnowledgeError(
                "node names are not sorted and unique", where=self.source
            )
        unknown = sorted(set(self.trait_parents) - set(self.node_name.tolist()))
        if unknown:
            raise KnowledgeError(
                f"trait_parents names unknown nodes: {', '.join(unknown[:5])}",
                where=self.source,
                remedy="name nodes of the graph",
            )
        levels = node_levels(self.n_node, self.edge_source, self.edge_target)
        if (levels < 0).any():
            cycle = find_cycle(self.edge_source, self.edge_target, levels)
            path = " -> ".join(str(self.node_name[node]) for node in cycle)
            raise KnowledgeError(
                f"the graph has a cycle: {path}",
                where=self.source,
                remedy="remove one of these edges; a network needs a direction",
            )

    @property
    def n_node(self) -> int:
        """Number of nodes."""
        return int(self.node_name.size)

    @property
    def n_edge(self) -> int:
        """Number of edges."""
        return int(self.edge_source.size)


def topological_order(graph: KnowledgeGraph) -> IntArray:  # (n_node,)
    """Return the nodes so that causes stand before their effects.

    Examples
    --------
    >>> graph = make_graph({"b": "gene", "a": "term"}, ["b"], ["a"])
    >>> [str(graph.node_name[node]) for node in topological_order(graph)]
    ['b', 'a']
    """
    level = node_levels(graph.n_node, graph.edge_source, graph.edge_target)
    return np.argsort(level, kind="stable")


def _positions(node_name: StrArray, wanted: Sequence[str], source: str) -> IntArray:
    """Return where the wanted names stand in the sorted node names."""
    number = {name: position for position, name in enumerate(node_name.tolist())}
    unknown = sorted({name for name in wanted if name not in number})
    if unknown:
        raise KnowledgeError(
            f"edges or claims name {len(unknown)} unknown nodes: "
            f"{', '.join(unknown[:5])}",
            where=source,
            remedy="declare these nodes, or mend the spelling",
        )
    return np.array([number[name] for name in wanted], dtype=np.int64)


def _merge_edges(
    edge_source: IntArray,
    edge_target: IntArray,
    edge_kind: StrArray,
    edge_sign: NDArray[np.int8],
    n_node: int,
) -> tuple[IntArray, IntArray, StrArray, NDArray[np.int8]]:
    """Sort edges and join those between the same two nodes.

    The first kind stays; signs that contradict each other become 0.
    """
    key = edge_source * n_node + edge_target
    unique, first, group = np.unique(key, return_index=True, return_inverse=True)
    positive = np.zeros(unique.size, dtype=bool)
    negative = np.zeros(unique.size, dtype=bool)
    positive[group[edge_sign > 0]] = True
    negative[group[edge_sign < 0]] = True
    sign = positive.astype(np.int8) - negative.astype(np.int8)
    return edge_source[first], edge_target[first], edge_kind[first], sign


def make_graph(
    node_kind: Mapping[str, str],
    edge_source: Sequence[str] = (),
    edge_target: Sequence[str] = (),
    *,
    edge_kind: str | Sequence[str] = "",
    edge_sign: int | Sequence[int] = 0,
    node_label: Mapping[str, str] | None = None,
    claims: Sequence[tuple[str, str]] = (),
    source: str = "",
) -> KnowledgeGraph:
    """Make a graph from names.

    Parameters
    ----------
    node_kind
        Kind of every node, by name.
    edge_source, edge_target
        Cause and effect of every edge, by name.
    edge_kind, edge_sign
        One for all edges, or one for each.
    node_label
        Readable names where they differ from the names.
    claims
        Pairs (node, variant id).
    source
        Where it came from, for messages and provenance.

    Returns
    -------
    KnowledgeGraph
        Nodes sorted by name, double edges joined.

    Raises
    ------
    KnowledgeError
        If an edge names an unknown node, joins a node to itself or closes a cycle.

    Examples
    --------
    >>> graph = make_graph({"A": "hormone", "CK": "hormone"}, ["A"], ["CK"],
    ...                    edge_sign=-1)
    >>> graph.n_node, graph.n_edge, int(graph.edge_sign[0])
    (2, 1, -1)
    """
    node_name = np.array(sorted(node_kind), dtype=np.str_)
    labels = {**{name: name for name in node_kind}, **(node_label or {})}
    n_edge = len(edge_source)
    cause = _positions(node_name, edge_source, source)
    effect = _positions(node_name, edge_target, source)
    own = np.flatnonzero(cause == effect)
    if own.size:
        raise KnowledgeError(
            f"node {edge_source[own[0]]!r} has an edge to itself",
            where=source,
            remedy="remove the edge",
        )
    kinds = [edge_kind] * n_edge if isinstance(edge_kind, str) else list(edge_kind)
    signs = [edge_sign] * n_edge if isinstance(edge_sign, int) else list(edge_sign)
    merged = _merge_edges(
        cause,
        effect,
        np.array(kinds, dtype=np.str_),
        np.array(signs, dtype=np.int8),
        node_name.size,
    )
    claimed = sorted(set(claims))
    return KnowledgeGraph(
        node_name,
        np.array([node_kind[name] for name in node_name.tolist()], dtype=np.str_),
        np.array([labels[name] for name in node_name.tolist()], dtype=np.str_),
        *merged,
        claim_node=_positions(node_name, [node for node, _ in claimed], source),
        claim_variant=np.array([variant for _, variant in claimed], dtype=np.str_),
        source=source,
    )
