"""Tables of the same features put below one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.records import OmicsTable, StrArray

LEAST = 10
"""Features that all tables must have."""


def stack_tables(
    tables: Sequence[OmicsTable], name: str
) -> tuple[OmicsTable, StrArray, StrArray, pd.DataFrame]:
    """Return tables as one, over the features that all of them have.

    Parameters
    ----------
    tables
        Studies or platforms; features are matched by id.
    name
        Of the result.

    Returns
    -------
    OmicsTable
        Rows are `sample@table`.
    line : ndarray
        The sample of each row.
    origin : ndarray
        The table of each row.
    aligned : DataFrame
        table, samples, features, shared: what each table had, and what is left.

    Raises
    ------
    DataError
        If fewer than 10 features are in all tables.

    Examples
    --------
    >>> name = np.array([f"g{j}" for j in range(12)])
    >>> one = OmicsTable("a", np.array(["x"]), name, name, np.zeros((1, 12)))
    >>> two = OmicsTable("b", np.array(["x"]), name[::-1], name, np.ones((1, 12)))
    >>> table, line, origin, aligned = stack_tables((one, two), "both")
    >>> table.sample_id.tolist(), line.tolist()
    (['x@a', 'x@b'], ['x', 'x'])
    """
    common = set(tables[0].feature_id.tolist())
    for table in tables[1:]:
        common &= set(table.feature_id.tolist())
    shared = [f for f in tables[0].feature_id.tolist() if f in common]
    if len(shared) < LEAST:
        raise DataError(
            f"{len(shared)} features are in all of "
            f"{', '.join(table.name for table in tables)}",
            remedy="give tables with the same feature ids",
        )
    place = {feature: i for i, feature in enumerate(tables[0].feature_id.tolist())}
    node = tables[0].node_name[[place[feature] for feature in shared]]
    values, samples, lines, origins = [], [], [], []
    for table in tables:
        column = {f: i for i, f in enumerate(table.feature_id.tolist())}
        values.append(table.value[:, [column[feature] for feature in shared]])
        samples += [f"{sample}@{table.name}" for sample in table.sample_id.tolist()]
        lines += table.sample_id.tolist()
        origins += [table.name] * table.sample_id.size
    aligned = pd.DataFrame(
        {
            "table": [table.name for table in tables],
            "samples": [table.sample_id.size for table in tables],
            "features": [table.feature_id.size for table in tables],
            "shared": len(shared),
        }
    )
    whole = OmicsTable(
        name,
        np.array(samples),
        np.array(shared),
        node,
        np.concatenate(values),
        "; ".join(table.source for table in tables),
    )
    return whole, np.array(lines), np.array(origins), aligned
