"""The columns that a table has, under headings that people read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from meristem.pages.table import Format, folded, table_html
from meristem.report.view import View

Columns = Mapping[str, tuple[str, Format | None]]
"""Column of the file -> its heading, and how its numbers are written."""


def columns_table(frame: pd.DataFrame, columns: Columns, note: str = "") -> Markup:
    """Return a table of those of the columns that are there.

    Examples
    --------
    >>> frame = pd.DataFrame({"p": [0.0001], "other": [1]})
    >>> "p value" in columns_table(frame, {"p": ("p value", None), "q": ("q", None)})
    True
    """
    kept = {name: heading for name, (heading, _) in columns.items() if name in frame}
    formats = {
        heading: form
        for name, (heading, form) in columns.items()
        if name in kept and form is not None
    }
    shown = frame[list(kept)].rename(columns=kept)
    return table_html(shown, formats, note=note)


def add_names(view: View, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a table without empty columns, with names where nodes have readable ones.

    The names stand beside the nodes, which `column` holds.
    """
    frame = frame.dropna(axis=1, how="all")
    readable = [view.node_name(str(node)) for node in frame[column]]
    if not view.node_label or readable == frame[column].astype(str).tolist():
        return frame
    place = frame.columns.tolist().index(column) + 1
    frame = frame.copy()
    frame.insert(place, "name", readable)
    return frame


def folded_columns(
    summary: str, frame: pd.DataFrame, columns: Columns, note: str = ""
) -> Markup:
    """Return a table of columns that opens on a click."""
    return folded(summary, columns_table(frame, columns, note))
