"""The nodes the network relies on most, with their intervals and their controls."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import p_value
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NULL, PAPER, SOFT
from meristem.pages.panel import Panel
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.report.view import Target, View

SHOWN = 20
ALPHA = 0.05
TESTS = {
    "null_q": ("q, shuffled", "labels"),
    "held_q": ("q, lines", "left out"),
}
"""Column of a test -> heading, in two lines."""


def top_nodes(view: View, target: Target, shown: int = SHOWN) -> pd.DataFrame:
    """Return the nodes of a target with the largest sensitivity, largest first."""
    rows = view.of(view.artefacts.nodes, target)
    rows = rows[np.isfinite(rows["sensitivity"])]
    ordered = rows.sort_values(["sensitivity", "node"], ascending=[False, True])
    return ordered.head(shown)


def draw_nodes(view: View, target: Target, name: str) -> Figure | None:
    """Return sensitivity, interval and null of the top nodes; None without nodes."""
    rows = top_nodes(view, target)
    if rows.empty:
        return None
    rows = rows.assign(label=[view.node_name(str(node)) for node in rows["node"]])
    labels = rows["label"].tolist()
    tests = {
        column: words
        for column, words in TESTS.items()
        if column in rows and np.isfinite(rows[column]).any()
    }
    if not (rows["sensitivity"] > 0).any():
        return None  # the network has no part in the prediction
    low, high = limits([rows[c] for c in _columns(rows)], 0.04, include=[0.0])
    drawn = draw_rows(
        f"Top nodes, {target.name}",
        labels,
        (0.0 if low > -0.05 * high else low, high),
        "sensitivity",
        (label_room(labels, 260), 24 + 76 * len(tests), 34),
        26,
        rules=False,
    )
    canvas = drawn.canvas
    for place, words in enumerate(tests.values()):
        x = WIDTH - 76 * (len(tests) - 1 - place)
        for line, word in enumerate(words):
            canvas.text(x, 11 + 13 * line, word, 10.5, anchor="end", fill=SOFT)
    for record, y in zip(rows.to_dict("records"), drawn, strict=True):
        _draw_row(canvas, drawn.panel, record, y, list(tests))
    return Figure(
        name, canvas.to_svg(), rows, _caption(list(tests), _null(rows), _ranged(rows))
    )


def _columns(rows: pd.DataFrame) -> list[str]:
    wanted = ("sensitivity", "sensitivity_low", "sensitivity_high", "null_high")
    return [column for column in wanted if column in rows.columns]


def _null(rows: pd.DataFrame) -> bool:
    return "null_high" in rows and bool(np.isfinite(rows["null_high"]).any())


def _ranged(rows: pd.DataFrame) -> bool:
    low = "sensitivity_low"
    return low in rows and bool(np.isfinite(rows[low]).any())


def _draw_row(
    canvas: Canvas, panel: Panel, record: dict, y: float, tests: list[str]
) -> None:
    name = str(record["label"])
    value = float(record["sensitivity"])
    q = [_real(record.get(test)) for test in tests]
    clear = all(value < ALPHA for value in q)
    colour = ACCENT if clear else SOFT
    high = _real(record.get("null_high"))
    if math.isfinite(high):
        zero = float(panel.x(panel.x.low))
        canvas.rect(zero, y - 8, float(panel.x(high)) - zero, 16, fill=NULL)
    start = float(panel.x(max(panel.x.low, 0.0)))
    place = float(panel.x(value))
    canvas.line(start, y, place, y, stroke=colour, stroke_width=1, stroke_opacity=0.35)
    ends = (_real(record.get("sensitivity_low")), _real(record.get("sensitivity_high")))
    if all(math.isfinite(end) for end in ends):
        px = [float(end) for end in panel.x(ends)]
        canvas.line(px[0], y, px[1], y, stroke=colour, stroke_width=3)
    fill = colour if clear else PAPER
    tip = f"{name} ({record['node']}): {value:.4g}"
    canvas.circle(place, y, 4.6, tip, fill=fill, stroke=colour, stroke_width=2)
    for number, value in enumerate(q):
        x = WIDTH - 76 * (len(q) - 1 - number)
        ink = ACCENT if value < ALPHA else SOFT
        canvas.text(x, y + 4, p_value(value), 11, anchor="end", fill=ink)


def _real(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _caption(tests: list[str], has_null: bool, ranged: bool) -> str:
    text = (
        "How far the predicted trait moves when a node is pushed up and down by one "
        "standard deviation ([[sensitivity]])."
    )
    if ranged:
        text = (
            text[:-1] + "; bars are 95 % intervals over the networks of the ensemble."
        )
    if not tests and not has_null:
        text += " No [[null]] was fitted in this run, so none of them is confirmed."
    if has_null:
        text += " Grey: the most that networks of shuffled labels reached."
    if "null_q" in tests:
        text += " First [[q value]]: against those networks ([[null]])."
    if "held_q" in tests:
        text += (
            " Q value on lines left out: whether what the node adds to their "
            "predictions follows the trait ([[held-out test]])."
        )
    if tests:
        which = "both q values" if len(tests) > 1 else "the q value"
        text += f" Filled green: {which} below {ALPHA}; hollow: not."
    return text
