"""Tables of a page: sortable, scrolling when narrow, numbers in line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd
from markupsafe import Markup, escape

Format = Callable[[float], str]

FEW = 3  # columns; such a table is not stretched over the page


def table_html(
    frame: pd.DataFrame,
    formats: Mapping[str, Format] | None = None,
    headings: Mapping[str, str | Markup] | None = None,
    sortable: bool = True,
    note: str | Markup = "",
) -> Markup:
    """Return a table as HTML; every text is escaped unless it is `Markup`.

    `Markup` survives in columns of dtype object alone: pandas makes plain text of it
    elsewhere.

    Parameters
    ----------
    frame
        Rows and columns to show.
    formats
        For numeric columns: how a value is written. Sorting uses the value itself.
    headings
        Heading of a column; default: its name with `_` as space.
    sortable
        Whether a click on a heading sorts.
    note
        A line below the table.

    Returns
    -------
    Markup
        A `<div class="table">` element.

    Examples
    --------
    >>> "a&lt;b" in table_html(pd.DataFrame({"line": ["a<b"]}))
    True
    """
    formats, headings = formats or {}, headings or {}
    numeric = {name for name in frame.columns if name in formats}
    numeric |= {n for n in frame.columns if pd.api.types.is_numeric_dtype(frame[n])}
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(' class="num"') if name in numeric else Markup(""),
            headings.get(name, str(name).replace("_", " ")),
        )
        for name in frame.columns
    )
    rows = [
        Markup("<tr>{}</tr>").format(_cells(record, frame.columns, numeric, formats))
        for record in frame.itertuples(index=False, name=None)
    ]
    kind = Markup(' class="sortable"') if sortable and len(rows) > 1 else Markup("")
    few = Markup(" few") if len(frame.columns) <= FEW else Markup("")
    below = Markup('<p class="note">{}</p>').format(note) if note else Markup("")
    return Markup(
        '<div class="table{}" tabindex="0"><table{}><thead><tr>{}</tr></thead>\n'
        "<tbody>{}</tbody></table></div>{}\n"
    ).format(few, kind, head, Markup("\n").join(rows), below)


def folded(summary: str, *inside: Markup) -> Markup:
    """Return HTML that opens on a click on its summary.

    Examples
    --------
    >>> "<summary>All</summary>" in folded("All", Markup("<p>1</p>"))
    True
    """
    return Markup(
        '<details><summary>{}</summary><div class="inside">{}</div></details>'
    ).format(summary, Markup("").join(inside))


def _cells(
    record: tuple, columns: pd.Index, numeric: set[str], formats: Mapping[str, Format]
) -> Markup:
    made = []
    for name, value in zip(columns, record, strict=True):
        if name in numeric:
            made.append(_number_cell(value, formats.get(name)))
        else:
            made.append(Markup("<td>{}</td>").format(_text(value)))
    return Markup("").join(made)


def _number_cell(value: object, form: Format | None) -> Markup:
    if not isinstance(value, int | float) and not hasattr(value, "dtype"):
        return Markup('<td class="num">{}</td>').format(_text(value))
    size = float(value)  # type: ignore[arg-type]
    if math.isnan(size):
        return Markup('<td class="num" data-sort="">\u2013</td>')
    shown = form(size) if form is not None else f"{value:,}"
    return Markup('<td class="num" data-sort="{}">{}</td>').format(repr(size), shown)


def _text(value: object) -> Markup:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Markup("")
    return escape(value)
