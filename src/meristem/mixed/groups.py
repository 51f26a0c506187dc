"""Named groups of columns, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from meristem.records import FloatArray, IntArray, StrArray


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
