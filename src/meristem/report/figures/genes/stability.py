"""How well networks that differ by chance agree on what is important."""

from __future__ import annotations

import numpy as np

from meristem.pages.numbers import fixed, interval
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, NULL, PAPER, SOFT
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.report.view import Target, View

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
    labels, notes = [word[0] for word in words], [word[1] for word in words]
    ends = [rows[["agreement", "low", "high"]].to_numpy()]
    drawn = draw_rows(
        f"Stability, {target.name}",
        labels,
        limits(ends, 0.04, include=[0.0, 1.0]),
        "rank agreement of the importances",
        (label_room(labels, 270, size=13, least=220), 190, 40),
        38,
        notes=notes,
    )
    canvas, panel = drawn.canvas, drawn.panel
    canvas.text(WIDTH, 22, "mean and interval", 12, anchor="end", fill=SOFT)
    for record, y in zip(records, drawn, strict=True):
        null = record["between"] == "shuffled labels"
        colour = NEUTRAL if null else ACCENT
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
