"""The network beside its controls: what each ingredient is worth."""

from __future__ import annotations

import math

import pandas as pd

from meristem.report.figure_ability import ability_color
from meristem.report.numbers import fixed
from meristem.report.page import Figure
from meristem.report.palette import ACCENT, INK, RULE, SOFT
from meristem.report.panel import draw_x_axis, make_panel
from meristem.report.scale import limits
from meristem.report.svg import Canvas, text_width
from meristem.report.view import ARMS, Target, Verdict, View, arm_of

WIDTH = 840
ROW = 38
TOP = 40


def control_rows(view: View, target: Target) -> pd.DataFrame:
    """Return the network and its controls with their difference to the reference."""
    labels = [model.label for model in view.models if model.is_control]
    found = [arm_of(label) for label in labels]
    networks = list(dict.fromkeys(network for network, _ in found))
    rows = []
    for network in networks:
        own = view.verdict(network, target)
        if own is not None:
            rows.append(_row(own, network, "", own))
        for label, (parent, suffix) in zip(labels, found, strict=True):
            verdict = view.verdict(label, target)
            if parent == network and verdict is not None:
                rows.append(_row(verdict, network, suffix, own))
    return pd.DataFrame(rows)


def _row(verdict: Verdict, network: str, suffix: str, own: Verdict | None) -> dict:
    worth = math.nan
    if suffix and own is not None:
        worth = own.mean - verdict.mean
    return {
        "network": network,
        "model": verdict.model,
        "control": suffix,
        "mean": verdict.mean,
        "difference": verdict.difference,
        "low": verdict.low,
        "high": verdict.high,
        "verdict": verdict.verdict,
        "ingredient_worth": worth,
    }


def draw_controls(view: View, target: Target, name: str) -> Figure | None:
    """Return the difference of network and controls to the reference."""
    table = control_rows(view, target)
    if table.empty or not (table["control"] != "").any():
        return None
    names = [
        ARMS.get(r["control"], (r["model"], ""))[0] for r in table.to_dict("records")
    ]
    left = min(max(max(text_width(n, 13) for n in names) + 14, 210), 260)
    height = ROW * len(table)
    canvas = Canvas(WIDTH, TOP + height + 46, f"Controls, {target.name}")
    ends = [table[["difference", "low", "high"]].to_numpy()]
    box = (left, float(TOP), WIDTH - left - 190, float(height))
    panel = make_panel(box, limits(ends, 0.06, include=[0.0]), (0, 1))
    draw_x_axis(canvas, panel, f"difference to {view.reference}", grid=True)
    zero = float(panel.x(0.0))
    canvas.line(zero, TOP - 4, zero, panel.bottom, stroke=INK, stroke_dasharray="2 3")
    canvas.text(panel.right + 16, 22, "mean", 12, fill=SOFT)
    canvas.text(WIDTH, 22, "lost without it", 12, anchor="end", fill=SOFT)
    for position, record in enumerate(table.to_dict("records")):
        y = TOP + ROW * (position + 0.5)
        _draw_label(canvas, record, y, left - 14)
        low, high = record["low"], record["high"]
        colour = ability_color(str(record["verdict"])) if record["control"] else ACCENT
        if math.isfinite(low) and math.isfinite(high):
            px = [float(value) for value in panel.x([low, high])]
            canvas.line(px[0], y, px[1], y, stroke=colour, stroke_width=2.4)
        if math.isfinite(record["difference"]):
            place = float(panel.x(record["difference"]))
            canvas.circle(place, y, 5.4, str(record["model"]), fill=colour)
        canvas.text(panel.right + 16, y + 4.5, fixed(record["mean"]), 13)
        if record["control"]:
            worth = fixed(record["ingredient_worth"], 3)
            canvas.text(WIDTH, y + 4.5, worth, 13, anchor="end", font_weight=600)
            canvas.line(0, y - ROW / 2, WIDTH, y - ROW / 2, stroke=RULE)
    return Figure(name, canvas.to_svg(), table, CAPTION)


def _draw_label(canvas: Canvas, record: dict, y: float, width: float) -> None:
    if not record["control"]:
        canvas.text(0, y + 4.5, str(record["model"]), 13, width, font_weight=700)
        return
    name, meaning = ARMS[record["control"]]
    canvas.text(0, y - 1, name, 13, width)
    canvas.text(0, y + 13, meaning, 10.5, width, fill=SOFT)


CAPTION = (
    "Every [[control]] is fitted on the same folds and lacks one ingredient. What the "
    "network loses without it (right) is what the ingredient is worth here. A control "
    "as good as the network means that the ingredient did nothing."
)
