"""Nodes that know more of the trait than the nodes they read."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, signed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, PAPER, RULE, SOFT
from meristem.pages.panel import draw_legend, draw_x_axis, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas, text_width
from meristem.report.view import Target, View

WIDTH = 840
ROW = 25
TOP = 44
SHOWN = 12


def top_gains(view: View, target: Target, shown: int = SHOWN) -> pd.DataFrame:
    """Return the nodes with several inputs that gain most over them."""
    rows = view.of(view.artefacts.gain, target)
    rows = rows[np.isfinite(rows["gain"])]
    if "n_sources" in rows:
        rows = rows[rows["n_sources"] > 1]  # a copy can gain nothing
    return rows.sort_values(["gain", "node"], ascending=[False, True]).head(shown)


def draw_gain(view: View, target: Target, name: str) -> Figure | None:
    """Return node and inputs as two dots per row; None without such nodes."""
    rows = top_gains(view, target)
    if rows.empty:
        return None
    labels = [view.node_name(str(node)) for node in rows["node"]]
    left = min(max(text_width(label, 12) for label in labels) + 14, 300)
    height = ROW * len(rows)
    canvas = Canvas(WIDTH, TOP + height + 44, f"Gain over inputs, {target.name}")
    box = (left, float(TOP), WIDTH - left - 90, float(height))
    ends = [rows[["r_node", "r_sources"]].to_numpy()]
    panel = make_panel(box, limits(ends, 0.05, include=[0.0]), (0, 1))
    draw_x_axis(canvas, panel, "correlation with the trait", grid=True)
    draw_legend(canvas, [("the node", ACCENT), ("its inputs", NEUTRAL)], left, 18)
    canvas.text(WIDTH, 22, "gain", 12, anchor="end", fill=SOFT)
    for position, record in enumerate(rows.to_dict("records")):
        y = TOP + ROW * (position + 0.5)
        if position:
            canvas.line(0, y - ROW / 2, WIDTH, y - ROW / 2, stroke=RULE)
        canvas.text(0, y + 4, labels[position], 12, left - 14, fill=INK)
        own, other = (
            float(end) for end in panel.x([record["r_node"], record["r_sources"]])
        )
        canvas.line(other, y, own, y, stroke=NEUTRAL, stroke_width=1.6)
        canvas.circle(other, y, 4.4, fill=PAPER, stroke=NEUTRAL, stroke_width=2)
        canvas.circle(own, y, 4.6, fill=ACCENT, stroke=ACCENT, stroke_width=2)
        gain = signed(record["gain"], 2)
        canvas.text(WIDTH, y + 4, gain, 12, anchor="end", font_weight=600)
    return Figure(name, canvas.to_svg(), rows, _caption(rows), "Gain over the inputs")


def _caption(rows: pd.DataFrame) -> str:
    if "n_rows" not in rows:
        return CAPTION
    chance = 2 / math.sqrt(max(float(rows["n_rows"].max()), 1.0))
    return f"{CAPTION} Differences below {fixed(chance)} can be chance."


CAPTION = (
    "How well a node follows the trait on lines left out, against the best linear "
    "combination of the nodes it reads ([[gain over inputs]]). A node that gains "
    "bends or combines its inputs in a way the trait rewards; one that only adds them "
    "up gains nothing."
)
