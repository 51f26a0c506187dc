"""Read pedigrees, and kernels between lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.genetics.pedigree import Pedigree, make_pedigree
from meristem.io.tables.crosses import FIRST_PARENT, SECOND_PARENT
from meristem.io.tables.matrices.square import square_matrix
from meristem.records import FloatArray, StrArray
from meristem.text.column_names import find_column, line_column
from meristem.text.columns import read_table

_SELFING = "selfing selfings generations generation".split()
_MOST_SELFINGS = 60


def read_pedigree(path: str | Path) -> Pedigree:
    r"""Read a table of lines with their parents.

    Parameters
    ----------
    path
        A table with columns for the line, `parent_1` and `parent_2` (or sire and dam,
        ...; empty or 0 is unknown), and perhaps `selfing`: generations of selfing
        after the cross.

    Raises
    ------
    DataError
        If columns are not found, a line occurs twice or is its own ancestor, or a
        number of selfings is not one.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pedigree.csv"
    ...     _ = path.write_text("line,parent_1,parent_2\nAxB,A,B\nself,AxB,AxB\n")
    ...     read_pedigree(path).line.tolist()
    ['A', 'B', 'AxB', 'self']
    """
    table = read_table(path)
    line = line_column(table, field="")
    first, second = (
        find_column(table, usual) for usual in (FIRST_PARENT, SECOND_PARENT)
    )
    if first is None or second is None:
        raise DataError(
            "the columns of the two parents were not found",
            where=table.path,
            remedy="call them parent_1 and parent_2",
        )
    parents = [table.labels(name) for name in (first, second)]
    parents = [np.where(names == "0", "", names) for names in parents]
    name = find_column(table, _SELFING)
    selfing = np.zeros(table.n_row, dtype=np.int64)
    if name is not None:
        given = np.nan_to_num(table.numbers(name))
        wrong = (given < 0) | (given > _MOST_SELFINGS) | (given != np.round(given))
        if wrong.any():
            raise DataError(
                f"{given[wrong][0]:g} is no number of generations",
                where=table.place(int(np.flatnonzero(wrong)[0]), name),
                remedy=f"give whole numbers from 0 to {_MOST_SELFINGS}",
            )
        selfing = given.astype(np.int64)
    names = np.char.strip(table.identifiers(line))
    one, two = parents
    return make_pedigree(names, one, two, selfing, str(table.path))


def read_kernel(path: str | Path) -> tuple[StrArray, FloatArray]:
    """Read a square table of relationships: names in the first column and the header.

    Returns
    -------
    tuple
        Names, (n,), and the kernel, (n, n).

    Raises
    ------
    DataError
        If the table is not square, its names differ, a value is missing, or it is
        not symmetric and positive semi-definite.
    """
    table = read_table(path)
    names, kernel = square_matrix(table, "relationship")
    size = float(np.abs(kernel).max())
    least = float(np.linalg.eigvalsh(kernel)[0])
    if least < -1e-4 * size:
        raise DataError(
            f"is no covariance: its smallest eigenvalue is {least:.3g}",
            where=table.path,
            remedy="bend it, or give another table",
        )
    return names, kernel
