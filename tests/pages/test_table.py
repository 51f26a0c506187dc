from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed
from meristem.pages.table import table_html


def test_text_is_escaped_and_markup_is_not() -> None:
    frame = pd.DataFrame({"a<b": ["<i>", Markup("<i>x</i>")]}, dtype=object)
    html = table_html(frame)
    assert "a&lt;b" in html
    assert "<td>&lt;i&gt;</td>" in html
    assert "<td><i>x</i></td>" in html


def test_numbers_sort_by_their_value_and_missing_ones_are_dashes() -> None:
    frame = pd.DataFrame({"r": [0.12345, np.nan]})
    html = table_html(frame, {"r": fixed})
    assert 'data-sort="0.12345">0.12</td>' in html
    assert 'data-sort="">–</td>' in html


def test_missing_text_is_empty_not_nan() -> None:
    assert "nan" not in table_html(pd.DataFrame({"t": ["a", None, np.nan]}))


def test_only_tables_worth_sorting_can_be_sorted() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert "sortable" in table_html(frame)
    assert "sortable" not in table_html(frame.head(1))
    assert "sortable" not in table_html(frame, sortable=False)


def test_headings_and_note() -> None:
    frame = pd.DataFrame({"n_lines": [1, 2]})
    html = table_html(frame, headings={"n_lines": "lines"}, note="a & b")
    assert ">lines<" in html
    assert "a &amp; b" in html
