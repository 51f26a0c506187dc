"""Read the covariance of the errors of adjusted means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.io.tables.matrices.square import SYMMETRIC, square_matrix
from meristem.records import FloatArray, StrArray
from meristem.text.column_names import find_column
from meristem.text.columns import Table, read_table

_FIRST = "line1 name1 genotype1 id1 level1 row".split()
_SECOND = "line2 name2 genotype2 id2 level2 column col".split()
_VALUE = "value covariance cov vcov".split()


def read_error_covariance(path: str | Path) -> tuple[StrArray, FloatArray]:
    r"""Read the covariance of the errors of lines.

    Parameters
    ----------
    path
        A square table with line names in the first column and in the header, as R
        writes a matrix; or one with the columns line_1, line_2 and value, which has
        every line with itself, and pairs in one or both orders (0 where absent);
        further columns are not read.

    Returns
    -------
    tuple
        Names, (n,), and the covariance, (n, n), symmetric.

    Raises
    ------
    DataError
        If it is neither, is not symmetric, or a variance is missing or not positive.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "errors.csv"
    ...     _ = path.write_text("line_1,line_2,value\na,a,2\nb,b,3\na,b,.5\n")
    ...     read_error_covariance(path)[1].tolist()
    [[2.0, 0.5], [0.5, 3.0]]
    """
    table = read_table(path)
    long = [find_column(table, usual) for usual in (_FIRST, _SECOND, _VALUE)]
    if None not in long:
        names, matrix = _long(table, [str(name) for name in long])
    else:
        names, matrix = square_matrix(table, "covariance")
    variance = np.diag(matrix)
    wrong = np.flatnonzero(~(variance > 0))
    if wrong.size:
        raise DataError(
            f"the error variance of {names[wrong[0]]} is {variance[wrong[0]]:g}, which "
            "is not positive",
            where=table.path,
            remedy="leave lines without a value out of the table and the phenotypes",
        )
    return names, matrix


def _long(table: Table, columns: Sequence[str]) -> tuple[StrArray, FloatArray]:
    one, two = (np.char.strip(table.identifiers(name)) for name in columns[:2])
    value = table.numbers(columns[2])
    names = np.array(list(dict.fromkeys(np.concatenate([one, two]).tolist())))
    place = {name: k for k, name in enumerate(names.tolist())}
    row = np.array([place[name] for name in one.tolist()])
    column = np.array([place[name] for name in two.tolist()])
    empty = np.flatnonzero(np.isnan(value))
    if empty.size:
        raise DataError(
            "the covariance is missing",
            where=table.place(int(empty[0]), columns[2]),
            remedy="complete the table",
        )
    matrix = np.full((names.size, names.size), np.nan)
    matrix[row, column] = matrix[column, row] = value
    apart = np.abs(matrix[row, column] - value) > SYMMETRIC * np.abs(value).max()
    if apart.any():
        at = int(np.flatnonzero(apart)[0])
        raise DataError(
            f"the covariance of {one[at]} and {two[at]} is {value[at]:g} here and "
            f"{matrix[row[at], column[at]]:g} in another row",
            where=table.place(at, columns[2]),
            remedy="give a pair once, or the same number both times",
        )
    alone = np.flatnonzero(np.isnan(np.diag(matrix)))
    if alone.size:
        raise DataError(
            f"{names[alone[0]]} has no error variance",
            where=table.path,
            remedy="give every line with itself, too",
        )
    return names, np.nan_to_num(matrix)
