"""Relationship by pedigree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, StrArray


@dataclass(frozen=True)
class Pedigree:
    """Lines with their parents; founders that are named as parents alone are added."""

    line: StrArray  # (n_line,) unique
    parent: IntArray  # (n_line, 2) position of each parent, -1 unknown
    selfing: IntArray  # (n_line,) generations of selfing after the cross
    source: str = field(default="", compare=False)  # where from; no content

    def ancestry(self, name: StrArray) -> Pedigree:
        """Return the part that holds these lines and their ancestors."""
        wanted = np.isin(self.line, name)
        for k in range(self.line.size - 1, -1, -1):  # progeny before their parents
            if wanted[k]:
                wanted[self.parent[k][self.parent[k] >= 0]] = True
        place = np.append(np.cumsum(wanted) - 1, -1)  # -1 stays unknown
        return Pedigree(
            self.line[wanted],
            place[self.parent[wanted]],
            self.selfing[wanted],
            self.source,
        )


def make_pedigree(
    line: StrArray,  # (n,)
    parent_1: StrArray,  # (n,) "" unknown
    parent_2: StrArray,  # (n,)
    selfing: IntArray | None = None,  # (n,)
    source: str = "",
) -> Pedigree:
    """Return a pedigree with every parent as a line, parents before their offspring.

    Raises
    ------
    DataError
        If a line occurs twice, or is its own ancestor.
    """
    known = {name: k for k, name in enumerate(line.tolist())}
    if len(known) < line.size:
        names, count = np.unique(line, return_counts=True)
        raise DataError(
            f"a line occurs more than once: {', '.join(names[count > 1][:5])}",
            where=source,
            remedy="keep one row per line",
        )
    named = [n for n in [*parent_1.tolist(), *parent_2.tolist()] if n]
    founders = [name for name in dict.fromkeys(named) if name not in known]
    every = [*founders, *line.tolist()]
    place = {name: k for k, name in enumerate(every)}
    parents = [(-1, -1)] * len(founders)
    parents += [
        (place.get(a, -1), place.get(b, -1))
        for a, b in zip(parent_1.tolist(), parent_2.tolist(), strict=True)
    ]
    generations = np.zeros(line.size, dtype=np.int64) if selfing is None else selfing
    generations = np.concatenate([np.zeros(len(founders), np.int64), generations])
    order = _parents_first(parents, every, source)
    moved = np.empty(len(every) + 1, dtype=np.int64)
    moved[order], moved[-1] = np.arange(len(every)), -1
    return Pedigree(
        np.array(every)[order],
        moved[np.array(parents, dtype=np.int64).reshape(-1, 2)[order]],
        generations[order],
        source,
    )


def _parents_first(
    parents: list[tuple[int, int]], names: list[str], source: str
) -> IntArray:
    depth = np.full(len(parents), -1)
    for start in range(len(parents)):
        path = [start]
        while path:
            here = path[-1]
            open_parents = [p for p in parents[here] if p >= 0 and depth[p] < 0]
            if not open_parents:
                depth[here] = 1 + max(
                    (depth[p] for p in parents[here] if p >= 0), default=-1
                )
                path.pop()
            elif open_parents[0] in path:
                raise DataError(
                    f"line {names[open_parents[0]]} is its own ancestor",
                    where=source,
                    remedy="correct the parents of these lines",
                )
            else:
                path.append(open_parents[0])
    return np.argsort(depth, kind="stable").astype(np.int64)


def pedigree_relationship(pedigree: Pedigree) -> FloatArray:  # (n_line, n_line)
    """Return the numerator relationship, parents first: 1 + F on the diagonal.

    A line selfed g times after its cross has F of 1 - 2^-g where the cross had none.

    References
    ----------
    Henderson 1976, Biometrics 32:69.

    Examples
    --------
    >>> name = np.array(["3", "4", "5"])
    >>> one, two = np.array(["1", "1", "3"]), np.array(["2", "3", "4"])
    >>> found = make_pedigree(name, one, two)
    >>> a = pedigree_relationship(found)
    >>> dict(zip(found.line.tolist(), np.diag(a).tolist()))
    {'1': 1.0, '2': 1.0, '3': 1.0, '4': 1.25, '5': 1.375}
    """
    n = pedigree.line.size
    a = np.zeros((n, n))
    for k, (sire, dam) in enumerate(pedigree.parent.tolist()):
        row = np.zeros(k)
        for parent in (sire, dam):
            if parent >= 0:
                row += 0.5 * a[parent, :k]
        a[k, :k] = a[:k, k] = row
        own = 1 + (0.5 * a[sire, dam] if sire >= 0 and dam >= 0 else 0.0)
        a[k, k] = 2 - (2 - own) * 0.5 ** int(pedigree.selfing[k])
    return a


def named_block(
    known: StrArray,  # (n_known,)
    kernel: FloatArray,  # (n_known, n_known)
    one: StrArray,  # (n_one,)
    two: StrArray,  # (n_two,)
) -> FloatArray:  # (n_one, n_two)
    """Return a kernel between names: an unknown one is like itself alone."""
    place = {name: k for k, name in enumerate(known.tolist())}
    rows = np.array([place.get(name, -1) for name in one.tolist()], dtype=np.int64)
    columns = np.array([place.get(name, -1) for name in two.tolist()], dtype=np.int64)
    found = kernel[np.ix_(rows, columns)]
    found[rows < 0] = 0.0
    found[:, columns < 0] = 0.0
    unknown = (rows < 0)[:, None] & (one[:, None] == two)
    found[unknown] = 1.0
    return found
