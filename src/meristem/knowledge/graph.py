"""`KnowledgeGraph`: typed nodes and directed edges from cause to effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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


def _merge_kinds(graphs: Sequence[KnowledgeGraph]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for graph in graphs:
        pairs = zip(graph.node_name.tolist(), graph.node_kind.tolist(), strict=True)
        for name, kind in pairs:
            known = kinds.get(name, GENERIC_KIND)
            if GENERIC_KIND not in (known, kind) and known != kind:
                raise KnowledgeError(
                    f"node {name!r} is a {known} in one source and a {kind} here",
                    where=graph.source,
                    remedy="give different things different names",
                )
            kinds[name] = kind if known == GENERIC_KIND else known
    return kinds


def unite(graphs: Iterable[KnowledgeGraph]) -> KnowledgeGraph:
    """Merge graphs by node name; double edges are joined.

    Raises
    ------
    KnowledgeError
        If two sources give one node different kinds, or their edges close a cycle.

    Examples
    --------
    >>> both = unite([make_graph({"g": "gene", "t": "term"}, ["g"], ["t"]),
    ...               make_graph({"t": "term", "u": "term"}, ["t"], ["u"])])
    >>> both.node_name.tolist(), both.n_edge
    (['g', 't', 'u'], 2)
    """
    graphs = list(graphs)
    labels: dict[str, str] = {}
    sources: list[str] = []
    targets: list[str] = []
    kinds: list[str] = []
    signs: list[int] = []
    claims: list[tuple[str, str]] = []
    parents: list[str] = []
    for graph in graphs:
        names = graph.node_name
        for name, label in zip(names.tolist(), graph.node_label.tolist(), strict=True):
            if label != name:
                labels.setdefault(name, label)
        sources += names[graph.edge_source].tolist()
        targets += names[graph.edge_target].tolist()
        kinds += graph.edge_kind.tolist()
        signs += graph.edge_sign.tolist()
        claimed = names[graph.claim_node].tolist()
        claims += zip(claimed, graph.claim_variant.tolist(), strict=True)
        parents += [name for name in graph.trait_parents if name not in parents]
    united = make_graph(
        _merge_kinds(graphs),
        sources,
        targets,
        edge_kind=kinds,
        edge_sign=signs,
        node_label=labels,
        claims=claims,
        source=" + ".join(graph.source for graph in graphs if graph.source),
    )
    return replace(united, trait_parents=tuple(parents))


def restrict(graph: KnowledgeGraph, names: Iterable[str]) -> KnowledgeGraph:
    """Return the part of a graph between the named nodes.

    Names the graph does not have are left out.

    Examples
    --------
    >>> graph = make_graph({"a": "gene", "b": "term"}, ["a"], ["b"])
    >>> restrict(graph, ["b", "c"]).node_name.tolist()
    ['b']
    """
    wanted = np.array(sorted(set(names)), dtype=np.str_)
    keep = np.isin(graph.node_name, wanted)
    number = np.cumsum(keep) - 1
    edge = keep[graph.edge_source] & keep[graph.edge_target]
    claim = keep[graph.claim_node]
    kept_names = set(graph.node_name[keep].tolist())
    return KnowledgeGraph(
        graph.node_name[keep],
        graph.node_kind[keep],
        graph.node_label[keep],
        number[graph.edge_source[edge]],
        number[graph.edge_target[edge]],
        graph.edge_kind[edge],
        graph.edge_sign[edge],
        number[graph.claim_node[claim]],
        graph.claim_variant[claim],
        tuple(name for name in graph.trait_parents if name in kept_names),
        graph.source,
    )


def rename_nodes(graph: KnowledgeGraph, names: Mapping[str, str]) -> KnowledgeGraph:
    """Return the graph with nodes renamed; nodes that then share a name are joined.

    Examples
    --------
    >>> graph = make_graph({"sym": "node", "b": "term"}, ["sym"], ["b"])
    >>> rename_nodes(graph, {"sym": "g1"}).node_name.tolist()
    ['b', 'g1']
    """
    if not names:
        return graph
    new = [names.get(name, name) for name in graph.node_name.tolist()]
    named = np.array(new, dtype=np.str_)
    return replace(
        make_graph(
            dict(zip(new, graph.node_kind.tolist(), strict=True)),
            named[graph.edge_source].tolist(),
            named[graph.edge_target].tolist(),
            edge_kind=graph.edge_kind.tolist(),
            edge_sign=graph.edge_sign.tolist(),
            claims=[
                (new[node], variant)
                for node, variant in zip(
                    graph.claim_node.tolist(), graph.claim_variant.tolist(), strict=True
                )
            ],
            source=graph.source,
        ),
        trait_parents=tuple(names.get(name, name) for name in graph.trait_parents),
    )


def label_nodes(graph: KnowledgeGraph, labels: Mapping[str, str]) -> KnowledgeGraph:
    """Return the graph with readable names; nodes not named keep what they have.

    Examples
    --------
    >>> graph = label_nodes(make_graph({"GO:1": "term"}), {"GO:1": "growth"})
    >>> graph.node_label.tolist()
    ['growth']
    """
    pairs = zip(graph.node_name.tolist(), graph.node_label.tolist(), strict=True)
    new = [labels.get(name, label) for name, label in pairs]
    return replace(graph, node_label=np.array(new, dtype=np.str_))
