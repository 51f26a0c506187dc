"""Plain JSON values as tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import number, percent
from meristem.pages.table import table_html

LONGEST_LIST = 12

SPREAD = {"minimum", "median", "mean", "maximum"}
"""Keys of a count summed up; shown in one line."""


def flatten(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of every entry; nested names are joined by a dot.

    Examples
    --------
    >>> list(flatten({"a": {"b": 1}, "c": [1, 2]}))
    [('a.b', 1), ('c', [1, 2])]
    """
    for key, value in content.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and set(value) != SPREAD:
            yield from flatten(value, name)
        else:
            yield name, value


def shown(value: object, name: str = "") -> str:
    """Return a JSON value as text; shares become per cent.

    Examples
    --------
    >>> shown(0.5, "missing_share"), shown([1, 2]), shown(None), shown(True)
    ('50.0 %', '1, 2', '–', 'yes')
    """
    if value is None:
        return "\u2013"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        words = name.replace(".", "_").split("_")
        if {"share", "coverage"} & set(words) and 0 <= value <= 1:
            return percent(float(value))
        return f"{value:,}" if isinstance(value, int) else number(value)
    if isinstance(value, list | tuple):
        texts = [shown(item) for item in value[:LONGEST_LIST]]
        more = len(value) - len(texts)
        return ", ".join(texts) + (f" and {more:,} more" if more else "")
    if isinstance(value, Mapping) and set(value) == SPREAD:
        low, high = shown(value["minimum"]), shown(value["maximum"])
        return f"{low} to {high}, median {shown(value['median'])}"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return str(value)


def key_value_table(content: Mapping[str, Any]) -> Markup:
    """Return a two-column table of a JSON object."""
    rows = [
        {"what": name.replace("_", " ").replace(".", ", "), "value": shown(value, name)}
        for name, value in flatten(content)
        if value not in (None, [], (), {}, "")
    ]
    return table_html(
        pd.DataFrame(rows, columns=["what", "value"]),
        headings={"what": "", "value": ""},
        sortable=False,
    )


def record_table(records: list[dict[str, Any]]) -> Markup:
    """Return a table with one row per JSON object."""
    rows = [{name: shown(v, name) for name, v in flatten(item)} for item in records]
    return table_html(pd.DataFrame(rows).fillna("\u2013"))
