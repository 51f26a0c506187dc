"""Graphs united, restricted, renamed and labelled, all by node name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from meristem.errors import KnowledgeError
from meristem.knowledge.graph import GENERIC_KIND, KnowledgeGraph, make_graph


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
    >>> from meristem.knowledge.graph import make_graph
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


def label_nodes(graph: KnowledgeGraph, labels: Mapping[str, str]) -> KnowledgeGraph:
    """Return the graph with readable names; nodes not named keep what they have.

    Examples
    --------
    >>> from meristem.knowledge.graph import make_graph
    >>> graph = label_nodes(make_graph({"GO:1": "term"}), {"GO:1": "growth"})
    >>> graph.node_label.tolist()
    ['growth']
    """
    pairs = zip(graph.node_name.tolist(), graph.node_label.tolist(), strict=True)
    new = [labels.get(name, label) for name, label in pairs]
    return replace(graph, node_label=np.array(new, dtype=np.str_))
