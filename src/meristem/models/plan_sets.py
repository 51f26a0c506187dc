"""A network plan read as gene sets: which variants a gene has, which genes a set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from meristem.records import FloatArray, IntArray, NetworkPlan, StrArray


@dataclass(frozen=True)
class Members:
    """Named groups of positions, one after the other."""

    name: StrArray  # (n_group,)
    start: IntArray  # (n_group + 1,)
    member: IntArray  # (n_member,) those of group i at start[i]:start[i + 1]

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return int(self.name.size)

    def of(self, group: int) -> IntArray:
        """Return the members of one group."""
        return self.member[self.start[group] : self.start[group + 1]]

    def matrix(
        self,
        weight: FloatArray,  # (n_member,)
        n_row: int,
    ) -> scipy.sparse.csc_array:  # (n_row, n_group)
        """Return the members' weights as a sparse matrix, one column per group."""
        return scipy.sparse.csc_array(
            (weight, self.member, self.start), shape=(n_row, self.n_group)
        )


def gather(names: list[str], groups: list[IntArray]) -> Members:
    """Return the groups as one record."""
    sizes = [group.size for group in groups]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    empty = np.empty(0, dtype=np.int64)
    member = np.concatenate([empty, *groups]).astype(np.int64)
    return Members(np.array(names, dtype=np.str_), start, member)


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
        own = [set[int]() for _ in range(level.n_node)]
        for row, source in zip(level.node_row, level.node_col, strict=True):
            own[row] |= below[source]
        for row, reached in enumerate(own):
            name = str(plan.node_name[level.first_node + row])
            if name in gene_of:
                reached.add(gene_of[name])
        for row in np.unique(level.node_row):
            names.append(str(plan.node_name[level.first_node + row]))
            groups.append(np.array(sorted(own[row]), dtype=np.int64))
        below.extend(own)
    return gather(names, groups)
