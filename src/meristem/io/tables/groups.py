"""Read labels of samples: family, subpopulation, heterotic group."""

from __future__ import annotations

import numpy as np

from meristem.config.stages import GroupConfig
from meristem.errors import DataError
from meristem.records import SampleGroups
from meristem.text.column_names import line_column, named_column
from meristem.text.columns import Table, read_table


def read_groups(config: GroupConfig) -> SampleGroups:
    """Read a table of labels, one row per sample.

    Parameters
    ----------
    config
        File, column of sample ids, and columns of labels (all others by default).

    Returns
    -------
    SampleGroups
        Labels as text, "" where missing. Rows that repeat a sample with the same
        labels count once.

    Raises
    ------
    DataError
        If the file cannot be read, there is no label column, or a sample has two
        different sets of labels.
    ConfigError
        If a column named in the configuration is not there.
    """
    table = read_table(config.path)
    line = line_column(table, config.line, "groups.line")
    if config.columns:
        names = [named_column(table, name, "groups.columns") for name in config.columns]
    else:
        names = [name for name in table.column_name if name != line]
    if not names:
        raise DataError(
            "has sample ids but no column of labels",
            where=table.path,
            remedy="add a column such as family or subpopulation",
        )
    sample_id = table.identifiers(line)
    label = np.column_stack([table.labels(name) for name in names])
    first = _first_rows(table, sample_id, label)
    return SampleGroups(sample_id[first], np.array(names), label[first])


def _first_rows(table: Table, sample_id: np.ndarray, label: np.ndarray) -> list[int]:
    """Return the first row of every sample; refuse contradicting repeats."""
    seen: dict[str, int] = {}
    for row, sample in enumerate(sample_id):
        before = seen.setdefault(str(sample), row)
        if not np.array_equal(label[before], label[row]):
            raise DataError(
                f"sample {str(sample)!r} has other labels than in "
                f"{table.place(before).removeprefix(str(table.path) + ', ')}",
                where=table.place(row),
                remedy="keep one row per sample",
            )
    return list(seen.values())
