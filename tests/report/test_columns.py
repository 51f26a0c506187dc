from __future__ import annotations

from dataclasses import replace

import pandas as pd

from meristem.pages.numbers import p_value
from meristem.report.columns import add_names, columns_table, folded_columns
from meristem.report.view import View


def test_only_columns_that_are_there_are_shown_in_the_order_asked() -> None:
    frame = pd.DataFrame({"q": [0.0001], "gene": ["g"], "other": [3]})
    html = columns_table(
        frame, {"gene": ("the gene", None), "q": ("q value", p_value), "p": ("p", None)}
    )
    assert html.index("the gene") < html.index("q value")
    assert "&lt; 0.001" in html
    assert "other" not in html
    assert ">p<" not in html
    assert "<summary>All</summary>" in folded_columns("All", frame, {"q": ("q", None)})


def test_nodes_get_their_readable_names(small_view: View) -> None:
    frame = pd.DataFrame({"node": ["n1", "n2"], "value": [1, 2], "empty": [None, None]})
    named = add_names(replace(small_view, node_label={"n1": "auxin"}), frame, "node")
    assert list(named) == ["node", "name", "value"]
    assert named["name"].tolist() == ["auxin", "n2"]
    assert list(add_names(replace(small_view, node_label={}), frame, "node")) == [
        "node",
        "value",
    ]
