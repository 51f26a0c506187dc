"""Nodes that know more of the trait than the nodes they read."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, signed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, PAPER, SOFT
from meristem.pages.panel import draw_legend
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.report.view import Target, View

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
    left = label_room(labels, 300)
    ends = limits([rows[["r_node", "r_sources"]].to_numpy()], 0.05, include=[0.0])
    title, axis = f"Gain over inputs, {target.name}", "correlation with the trait"
    drawn = draw_rows(title, labels, ends, axis, (left, 90, 44), 25)
    canvas = drawn.canvas
    draw_legend(canvas, [("the node", ACCENT), ("its inputs", NEUTRAL)], left, 18)
    canvas.text(WIDTH, 22, "gain", 12, anchor="end", fill=SOFT)
    for record, y in zip(rows.to_dict("records"), drawn, strict=True):
        node, inputs = drawn.panel.x([record["r_node"], record["r_sources"]]).tolist()
        canvas.line(inputs, y, node, y, stroke=NEUTRAL, stroke_width=1.6)
        canvas.circle(inputs, y, 4.4, fill=PAPER, stroke=NEUTRAL, stroke_width=2)
        canvas.circle(node, y, 4.6, fill=ACCENT, stroke=ACCENT, stroke_width=2)
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
