"""A network plan read as gene sets: which variants a gene has, which genes a set."""

from __future__ import annotations

import numpy as np

from meristem.mixed.groups import Members, gather
from meristem.records import NetworkPlan


def gene_variants(plan: NetworkPlan) -> Members:
    """Return the nodes that read variants, with the variants each reads.

    Examples
    --------
    >>> from meristem.records import PlanLevel, VariantTable
    >>> blank = np.array(["", "", ""])
    >>> table = VariantTable(np.array(["a", "b", "c"]), blank, np.zeros(3, int),
    ...     blank, blank)
    >>> none = np.empty(0, int)
    >>> genes = PlanLevel(0, 2, np.array([0, 0, 1]), np.array([0, 1, 2]), none, none)
    >>> term = PlanLevel(2, 1, none, none, np.array([0, 0]), np.array([0, 1]))
    >>> plan = NetworkPlan(table, np.array(["g", "h", "t"]), blank,
    ...     np.array([0, 0, 1]), (genes, term), np.array([2]))
    >>> gene_variants(plan).of(0).tolist(), node_sets(plan).of(0).tolist()
    ([0, 1], [0, 1])
    """
    names, groups = [], []
    for level in plan.levels:
        for row in np.unique(level.variant_row):
            names.append(str(plan.node_name[level.first_node + row]))
            groups.append(np.unique(level.variant_col[level.variant_row == row]))
    return gather(names, groups)


def node_sets(plan: NetworkPlan) -> Members:
    """Return the nodes that read nodes, with the genes below each.

    Members are positions in `gene_variants(plan)`.
    """
    genes = gene_variants(plan)
    gene_of = {name: number for number, name in enumerate(genes.name.tolist())}
    below: list[set[int]] = []
    names, groups = [], []
    for level in plan.levels:
        members = [set[int]() for _ in range(level.n_node)]
        for row, source in zip(level.node_row, level.node_col, strict=True):
            members[row] |= below[source]
        for row, reached in enumerate(members):
            name = str(plan.node_name[level.first_node + row])
            if name in gene_of:
                reached.add(gene_of[name])
        for row in np.unique(level.node_row):
            names.append(str(plan.node_name[level.first_node + row]))
            groups.append(np.array(sorted(members[row]), dtype=np.int64))
        below.extend(members)
    return gather(names, groups)


def set_variants(plan: NetworkPlan) -> Members:
    """Return the nodes that read nodes, with the variants of all genes below each."""
    genes, sets = gene_variants(plan), node_sets(plan)
    groups = [
        np.unique(np.concatenate([genes.of(gene) for gene in sets.of(number)]))
        for number in range(sets.n_group)
    ]
    return gather(sets.name.tolist(), groups)
