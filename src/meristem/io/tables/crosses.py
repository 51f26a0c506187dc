"""Read which inbred lines a hybrid comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import StrArray
from meristem.text.column_names import find_column, line_column
from meristem.text.columns import Table, read_table

FIRST_PARENT = "parent1 p1 mother dam female femaleparent seedparent mat line1".split()
SECOND_PARENT = "parent2 p2 father sire male maleparent pollenparent pat line2".split()
THIRD_PARENT = "parent3 p3 parent4 p4 thirdparent".split()


@dataclass(frozen=True)
class Crosses:
    """Hybrids and their parents."""

    sample_id: StrArray  # (n_hybrid,) unique
    parent_1: StrArray  # (n_hybrid,)
    parent_2: StrArray  # (n_hybrid,)
    added: NDArray[np.bool_] | None = None  # (n_hybrid,) parents of `with_parents`

    def take(self, index: NDArray) -> Crosses:
        """Return the hybrids at `index` (integers or a mask), in that order."""
        added = None if self.added is None else self.added[index]
        return Crosses(
            self.sample_id[index], self.parent_1[index], self.parent_2[index], added
        )

    def with_parents(self) -> Crosses:
        """Return the hybrids, then every parent as a cross of itself with itself.

        Examples
        --------
        >>> import numpy as np
        >>> one = Crosses(np.array(["AxB"]), np.array(["A"]), np.array(["B"]))
        >>> one.with_parents().sample_id.tolist()
        ['AxB', 'A', 'B']
        """
        parents = np.union1d(self.parent_1, self.parent_2)
        parents = parents[~np.isin(parents, self.sample_id)]
        added = np.arange(self.sample_id.size + parents.size) >= self.sample_id.size
        return Crosses(
            np.concatenate([self.sample_id, parents]),
            np.concatenate([self.parent_1, parents]),
            np.concatenate([self.parent_2, parents]),
            added,
        )


def read_crosses(path: str | Path, parent_id: StrArray | None = None) -> Crosses:
    r"""Read a table of hybrids and parents.

    Parameters
    ----------
    path
        A table with columns for the hybrid (`sample`, `line`, ...), `parent_1` and
        `parent_2` (or mother and father, dam and sire, ...); others are ignored.
    parent_id
        Ids of the genotyped lines. If no column has a usual name, the first two
        columns that hold nothing but such ids are the parents.

    Returns
    -------
    Crosses
        In the order of the file; rows that repeat a hybrid count once.

    Raises
    ------
    DataError
        If the file cannot be read, the columns are not found, there is one of third
        parents, an id is empty, or a hybrid has two different pairs of parents.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "hybrids.csv"
    ...     _ = path.write_text("sample,parent_1,parent_2\nAxB,A,B\n")
    ...     read_crosses(path).parent_2.tolist()
    ['B']
    """
    table = read_table(path)
    line = line_column(table, field="")
    first, second = _parent_columns(table, line, parent_id)
    third = find_column(table, THIRD_PARENT)
    if third is not None:
        raise DataError(
            f"the column {third!r} names a third parent: single crosses have two",
            where=table.path,
            remedy="give genotypes of the three-way hybrids themselves, or leave the "
            "column out if it names no parent",
        )
    sample_id = table.identifiers(line)
    parents = np.column_stack([table.identifiers(first), table.identifiers(second)])
    keep: dict[str, int] = {}
    for row, name in enumerate(sample_id.tolist()):
        before = keep.setdefault(name, row)
        if (parents[before] != parents[row]).any():
            raise DataError(
                f"hybrid {name} has other parents than on an earlier line",
                where=table.place(row),
                remedy="give every hybrid one pair of parents",
            )
    rows = np.array(list(keep.values()))
    return Crosses(sample_id[rows], parents[rows, 0], parents[rows, 1])


def _parent_columns(
    table: Table, line: str, parent_id: StrArray | None
) -> tuple[str, str]:
    first, second = find_column(table, FIRST_PARENT), find_column(table, SECOND_PARENT)
    if first is not None and second is not None:
        return first, second
    if parent_id is not None:
        known = set(parent_id.tolist())
        fitting = [
            name
            for name in table.column_name
            if name != line and known.issuperset(table.text(name).tolist())
        ]
        if len(fitting) >= 2:
            return fitting[0], fitting[1]
    raise DataError(
        "the columns of the two parents were not found",
        where=table.path,
        remedy="write the columns sample, parent_1, parent_2, with the parents named "
        "as in the genotype file",
    )
