"""Read what each line, or each environment, costs to phenotype."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.text.column_names import find_column, line_column
from meristem.text.columns import read_table

_COST = "cost price costs".split()


def read_costs(path: Path) -> dict[str, float]:
    """Return the cost of every line named in a table (columns `line` and `cost`).

    Raises
    ------
    DataError
        If there is no column of costs, or a cost is missing or not above 0.
    """
    table = read_table(path)
    line = line_column(table, field="")
    cost = find_column(table, _COST)
    if cost is None:
        raise DataError(
            f"has no column of costs; it has {', '.join(table.column_name[:12])}",
            where=path,
            remedy="call it `cost`",
        )
    values = table.numbers(cost, largest=1e12)
    wrong = np.flatnonzero(~(values > 0))
    if wrong.size:
        raise DataError(
            "a cost is missing or not above 0",
            where=table.place(int(wrong[0]), cost),
            remedy="give what a phenotype of the line costs, in any unit",
        )
    return dict(zip(table.identifiers(line).tolist(), values.tolist(), strict=True))
