"""The part of curated knowledge that stands on top of learned genes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meristem.knowledge.graph import KnowledgeGraph, make_graph, topological_order
from meristem.plan.assemble import node_edges, node_labels, take_apart
from meristem.records import NetworkPlan

GENE = "gene"


def above_genes(
    graph: KnowledgeGraph,
    genes: Collection[str],
    *,
    min_genes: int = 1,
) -> KnowledgeGraph:
    """Return what follows from the named genes, without claims on variants.

    Other nodes that read variants, and other genes, are left out. A node that fewer
    than `min_genes` of the named genes reach is left out as well; its causes are
    joined to its effects instead.

    Parameters
    ----------
    graph
        Curated knowledge.
    genes
        Names of the genes; those the graph does not know are ignored.
    min_genes
        Smallest number of genes under a node.

    Examples
    --------
    >>> from meristem.knowledge.graph import make_graph
    >>> graph = make_graph(
    ...     {"a": "gene", "b": "gene", "c": "gene", "t": "term", "u": "term"},
    ...     ["a", "b", "c", "t"], ["t", "u", "u", "u"])
    >>> part = above_genes(graph, ["a", "b"], min_genes=2)
    >>> part.node_name.tolist(), part.n_edge
    (['a', 'b', 'u'], 2)
    """
    chosen, alive = _roles(graph, genes)
    incoming = _incoming(graph)
    # what a node hands on: itself, or its causes where it is left out
    stands_for: dict[int, list[tuple[int, int]]] = {}
    below: dict[int, set[int]] = {}
    edges: list[tuple[int, int, str, int]] = []
    for node in topological_order(graph).tolist():
        if not alive[node]:
            continue
        reading = [
            (cause, kind, sign * through)
            for direct, kind, sign in incoming[node]
            for cause, through in stands_for.get(direct, [])
        ]
        genes_below = {node} if chosen[node] else set()
        genes_below = genes_below.union(*(below[cause] for cause, _, _ in reading))
        if chosen[node] or len(genes_below) >= min_genes:
            stands_for[node] = [(node, 1)]
            below[node] = genes_below
            edges += [(cause, node, kind, sign) for cause, kind, sign in reading]
        else:
            stands_for[node] = [(cause, sign) for cause, _, sign in reading]
    name = graph.node_name.tolist()
    part = make_graph(
        {name[node]: str(graph.node_kind[node]) for node in below},
        [name[cause] for cause, _, _, _ in edges],
        [name[effect] for _, effect, _, _ in edges],
        edge_kind=[kind for _, _, kind, _ in edges],
        edge_sign=[sign for _, _, _, sign in edges],
        node_label={name[node]: str(graph.node_label[node]) for node in below},
        source=graph.source,
    )
    kept = set(part.node_name.tolist())
    heads = tuple(head for head in graph.trait_parents if head in kept)
    return replace(part, trait_parents=heads)


def _roles(
    graph: KnowledgeGraph, genes: Collection[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # each (n_node,)
    """Return which nodes are chosen genes, and which may be in the part at all."""
    chosen = np.isin(graph.node_name, np.array(sorted(genes), dtype=np.str_))
    other = graph.node_kind == GENE
    other[graph.claim_node] = True
    return chosen, chosen | ~other


def _incoming(graph: KnowledgeGraph) -> list[list[tuple[int, str, int]]]:
    """Return cause, kind and sign of the edges into every node."""
    incoming: list[list[tuple[int, str, int]]] = [[] for _ in range(graph.n_node)]
    columns = (graph.edge_source, graph.edge_target, graph.edge_kind, graph.edge_sign)
    edges = zip(*(column.tolist() for column in columns), strict=True)
    for source, target, kind, sign in edges:
        incoming[target].append((source, kind, sign))
    return incoming


def plan_graph(plan: NetworkPlan) -> KnowledgeGraph:
    """Return the graph of a compiled plan, its claims by variant id.

    Examples
    --------
    Compiling it again for the same variants gives the same edges.
    """
    name = plan.node_name
    source, target = node_edges(plan)
    parts = take_apart(plan)
    variant = plan.variants.variant_id[parts.claim_variant].tolist()
    graph = make_graph(
        dict(zip(name.tolist(), plan.node_kind.tolist(), strict=True)),
        name[source].tolist(),
        name[target].tolist(),
        node_label=dict(zip(name.tolist(), node_labels(plan).tolist(), strict=True)),
        claims=list(zip(name[parts.claim_node].tolist(), variant, strict=True)),
        source=plan.source,
    )
    return replace(graph, trait_parents=tuple(name[plan.head_node].tolist()))
