"""How well networks that differ by chance agree on what is important."""

from __future__ import annotations

import numpy as np

from meristem.pages.numbers import fixed, interval
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, NULL, PAPER, RULE, SOFT
from meristem.pages.panel import draw_x_axis, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas, text_width
from meristem.report.view import Target, View

WIDTH = 840
ROW = 38
TOP = 40

BETWEEN = {
    "seeds": ("other starting weights", "same lines, same labels"),
    "members": ("members of the ensemble", "other starting weights and inner folds"),
    "folds": ("other lines in training", "networks without a fold"),
    "shuffled labels": ("shuffled labels", "what the wiring alone gives"),
}
"""What networks differ in -> what it is called, and what it is."""


def draw_stability(view: View, target: Target, name: str) -> Figure | None:
    """Return the rank agreement of each kind of networks; None without any."""
    rows = view.of(view.artefacts.stability, target)
    rows = rows[np.isfinite(rows["agreement"])]
    if rows.empty:
        return None
    records = rows.to_dict("records")
    words = [BETWEEN.get(str(r["between"]), (str(r["between"]), "")) for r in records]
    left = min(max(max(text_width(w[0], 13) for w in words) + 14, 220), 270)
    height = ROW * len(rows)
    canvas = Canvas(WIDTH, TOP + height + 46, f"Stability, {target.name}")
    ends = [rows[["agreement", "low", "high"]].to_numpy()]
    box = (left, float(TOP), WIDTH - left - 190, float(height))
    panel = make_panel(box, limits(ends, 0.04, include=[0.0, 1.0]), (0, 1))
    draw_x_axis(canvas, panel, "rank agreement of the importances", grid=True)
    canvas.text(WIDTH, 22, "mean and interval", 12, anchor="end", fill=SOFT)
    for position, record in enumerate(records):
        y = TOP + ROW * (position + 0.5)
        if position:
            canvas.line(0, y - ROW / 2, WIDTH, y - ROW / 2, stroke=RULE)
        null = record["between"] == "shuffled labels"
        colour = NEUTRAL if null else ACCENT
        canvas.text(0, y - 1, words[position][0], 13, left - 14)
        canvas.text(0, y + 13, words[position][1], 10.5, left - 14, fill=SOFT)
        low, high = (float(end) for end in panel.x([record["low"], record["high"]]))
        canvas.line(low, y, high, y, stroke=NULL if null else colour, stroke_width=2.4)
        place = float(panel.x(record["agreement"]))
        fill = PAPER if null else colour
        canvas.circle(place, y, 5.2, fill=fill, stroke=colour, stroke_width=2)
        mean = fixed(record["agreement"])
        spread = interval(record["low"], record["high"], 2)
        canvas.text(WIDTH, y - 1, mean, 13, anchor="end", font_weight=600)
        canvas.text(WIDTH, y + 13, spread, 10.5, anchor="end", fill=SOFT)
    alone = not {"seeds", "members"} & set(rows["between"])
    caption = CAPTION + (ONE_FIT if alone else "")
    return Figure(name, canvas.to_svg(), rows, caption, "Stability")


CAPTION = (
    "Mean rank correlation of the nodes' importances between networks that differ in "
    "one thing, with a bootstrap [[interval]] ([[stability]]). Where networks of "
    "shuffled labels agree as well, the order follows from the wiring, not from the "
    "trait."
)

ONE_FIT = (
    " This network is one fit (variance components, or a single seed): there are no "
    "other starting weights to compare."
)
