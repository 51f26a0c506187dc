"""Read a square table of numbers for pairs of lines."""

from __future__ import annotations

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, StrArray
from meristem.text.columns import Table

SYMMETRIC = 1e-6
"""Halves may differ by this share of the largest number."""


def square_matrix(
    table: Table,
    what: str,  # what one number is called
) -> tuple[StrArray, FloatArray]:  # (n,), (n, n)
    """Return names and the symmetric matrix of a table with names on both sides.

    The names stand in the first column and in the header, in any order.

    Raises
    ------
    DataError
        If the names differ or repeat, a number is missing, or the halves differ.
    """
    first, *columns = table.column_name
    names = np.char.strip(table.identifiers(first))
    headed = [name.strip() for name in columns]
    if sorted(headed) != sorted(names.tolist()):
        raise DataError(
            f"{names.size} names in rows and {len(columns)} in columns differ"
            + _first_of(set(names.tolist()) ^ set(headed)),
            where=table.path,
            remedy="give a square table with the same names on both sides (in R, "
            "as.data.frame and check.names = FALSE keep them)",
        )
    written = dict(zip(headed, columns, strict=True))
    ordered = [written[name] for name in names.tolist()]
    matrix = np.column_stack([table.numbers(name) for name in ordered])
    if np.isnan(matrix).any():
        row, column = (int(k) for k in np.argwhere(np.isnan(matrix))[0])
        raise DataError(
            f"a {what} is missing",
            where=table.place(row, ordered[column]),
            remedy="complete the table",
        )
    uneven = np.abs(matrix - matrix.T)
    if uneven.max() > SYMMETRIC * np.abs(matrix).max():
        row, column = divmod(int(uneven.argmax()), names.size)
        raise DataError(
            f"is not symmetric: {matrix[row, column]:g} for {names[row]} and "
            f"{names[column]}, {matrix[column, row]:g} the other way",
            where=table.path,
            remedy="give both halves alike",
        )
    return names, (matrix + matrix.T) / 2


def _first_of(names: set[str]) -> str:
    return f": {sorted(names)[0]!r} is on one side alone" if names else ""
