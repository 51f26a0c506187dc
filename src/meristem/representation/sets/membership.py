"""Which feature belongs to which set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError, DataError
from meristem.knowledge.graph import KnowledgeGraph
from meristem.records import NetworkPlan, OmicsTable, StrArray


@dataclass(frozen=True)
class FeatureSets:
    """Sets of features with names."""

    name: StrArray  # (n_set,)
    label: StrArray  # (n_set,)
    member: NDArray[np.bool_]  # (n_set, n_feature)


def feature_sets(
    table: OmicsTable,
    genes: Mapping[str, Collection[str]],  # set -> nodes in it
    label: Mapping[str, str] | None = None,
    *,
    min_size: int = 3,
) -> FeatureSets:
    """Return the sets of which at least `min_size` features are measured.

    Raises
    ------
    DataError
        If there is none.

    Examples
    --------
    >>> name = np.array(["g1", "g2", "g3", "g4"])
    >>> table = OmicsTable("rna", np.array(["a"]), name, name, np.zeros((1, 4)))
    >>> sets = feature_sets(table, {"s": frozenset({"g1", "g3", "g4", "g9"})})
    >>> sets.name.tolist(), sets.member.astype(int).tolist()
    (['s'], [[1, 0, 1, 1]])
    """
    place: dict[str, list[int]] = {}
    for column, node in enumerate(table.node_name.tolist()):
        if node:
            place.setdefault(node, []).append(column)
    names, rows = [], []
    for name in sorted(genes):
        columns = [c for gene in genes[name] for c in place.get(gene, ())]
        if len(columns) < min_size:
            continue
        row = np.zeros(table.feature_id.size, dtype=bool)
        row[columns] = True
        names.append(name)
        rows.append(row)
    if not names:
        raise DataError(
            f"{table.name}: none of {len(genes)} gene sets has {min_size} measured "
            "features",
            where=table.source,
            remedy="give gene sets (or a node_map) with the ids of the features",
        )
    labels = [(label or {}).get(name, name) for name in names]
    return FeatureSets(np.array(names), np.array(labels), np.array(rows))


def needed_sets(
    table: OmicsTable,
    genes: Mapping[str, Collection[str]],
    label: Mapping[str, str] | None = None,
) -> FeatureSets:
    """Return `feature_sets` where a representation cannot do without.

    Raises
    ------
    ConfigError
        If there are no sets at all.
    DataError
        If the table measures none.
    """
    if not genes:
        raise ConfigError(
            'represent = "sets" needs gene sets and there are none',
            where=f"omics {table.name}",
            remedy="add a [knowledge] section with gene_sets or an annotation",
        )
    return feature_sets(table, genes, label)


def sets_of_graph(
    graph: KnowledgeGraph,
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Return the genes below every other node of a knowledge graph, and its labels."""
    below = _below(
        graph.n_node,
        graph.edge_source.tolist(),
        graph.edge_target.tolist(),
    )
    names, kinds = graph.node_name.tolist(), graph.node_kind.tolist()
    gene = {i for i, kind in enumerate(kinds) if kind == "gene"}
    sets = {
        names[i]: frozenset(names[g] for g in below[i] if g in gene)
        for i in range(graph.n_node)
        if i not in gene and below[i] & gene
    }
    return sets, dict(zip(names, graph.node_label.tolist(), strict=True))


def measured_sets(
    plan: NetworkPlan | None, graph: KnowledgeGraph | None
) -> dict[str, frozenset[str]]:
    """Return the sets that are nodes of a plan, with all of their genes.

    Genes without variants are no nodes of the plan; they are measured all the same.
    """
    if plan is None:
        return {}
    known = {} if graph is None else sets_of_graph(graph)[0]
    own = sets_of_plan(plan)[0]
    return {name: genes | known.get(name, frozenset()) for name, genes in own.items()}


def sets_of_plan(plan: NetworkPlan) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Return the genes below every node of a plan that reads nodes."""
    source: list[int] = []
    target: list[int] = []
    reads_variants: set[int] = set()
    for level in plan.levels:
        source += level.node_col.tolist()
        target += (level.first_node + level.node_row).tolist()
        reads_variants |= set((level.first_node + level.variant_row).tolist())
    below = _below(plan.n_node, source, target)
    names = plan.node_name.tolist()
    labels = names if plan.node_label is None else plan.node_label.tolist()
    sets = {
        names[i]: frozenset(names[g] for g in below[i] & reads_variants)
        for i in sorted(set(target))
        if below[i] & reads_variants
    }
    return sets, dict(zip(names, labels, strict=True))


def _below(n: int, source: list[int], target: list[int]) -> list[set[int]]:
    """Return what every node of an acyclic graph is reached from."""
    parents: list[list[int]] = [[] for _ in range(n)]
    for cause, effect in zip(source, target, strict=True):
        parents[effect].append(cause)
    found: list[set[int] | None] = [None] * n
    for start in range(n):
        stack = [start]
        while stack:
            node = stack[-1]
            waiting = [c for c in parents[node] if found[c] is None]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            reached: set[int] = set(parents[node])
            for cause in parents[node]:
                reached |= found[cause] or set()
            found[node] = reached
    return [reached or set() for reached in found]
