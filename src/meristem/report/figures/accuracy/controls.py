"""The network against its controls: what each ingredient is worth."""

from __future__ import annotations

import math

import pandas as pd

from meristem.pages.numbers import fixed, signed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, PAPER, SOFT, WARN
from meristem.pages.panel import Panel
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.report.view import ARMS, Target, View, arm_of

CAPACITY = "capacity"


def control_rows(view: View, target: Target) -> pd.DataFrame:
    """Return the contributions to a target with the control's own mean."""
    rows = view.of(view.artefacts.controls, target)
    means = {v.model: v.mean for v in view.verdicts if v.target == target}
    means |= {
        v.reference: v.reference_mean for v in view.verdicts if v.target == target
    }
    means_of_control = [means.get(label, math.nan) for label in rows["control"]]
    return rows.assign(control_mean=means_of_control)


def controls_sentence(view: View, target: Target) -> str:
    """Return in words how much of the result each ingredient gives."""
    rows = control_rows(view, target)
    if rows.empty:
        return ""
    sentences = []
    for record in rows.to_dict("records"):
        low, high = float(record["low"]), float(record["high"])
        if not math.isfinite(low + high):
            continue
        clear = "" if low > 0 or high < 0 else ", not distinguishable from nothing"
        name = _words(record)[0]
        against = "" if record["ingredient"] == CAPACITY else f" (against {name})"
        sentences.append(
            f"{record['ingredient']}{against} {signed(record['difference'])}{clear}"
        )
    label = str(rows["network"].iloc[0]) if "network" in rows else "the network"
    verdict = view.verdict(label, target)
    head = ""
    if verdict is not None:
        head = f"{label} gains {signed(verdict.difference)} over {verdict.reference}. "
    return f"{head}What its parts add: {'; '.join(sentences)}." if sentences else ""


def draw_controls(view: View, target: Target, name: str) -> Figure | None:
    """Return network minus control with its interval; None without controls."""
    table = control_rows(view, target)
    table = table[table["difference"].notna()]
    if table.empty:
        return None
    records = table.to_dict("records")
    words = [_words(record) for record in records]
    names = [name for name, _ in words]
    spans = [table[["difference", "low", "high"]].to_numpy()]
    drawn = draw_rows(
        f"Controls, {target.name}",
        names,
        limits(spans, 0.06, include=[0.0]),
        "gain of the network over its control",
        (label_room(names, 270, size=13, least=220), 190, 40),
        38,
        notes=[meaning for _, meaning in words],
    )
    canvas, panel = drawn.canvas, drawn.panel
    zero = float(panel.x(0.0))
    canvas.line(
        zero, panel.top - 4, zero, panel.bottom, stroke=INK, stroke_dasharray="2 3"
    )
    canvas.text(WIDTH - 90, 22, "control", 12, anchor="end", fill=SOFT)
    canvas.text(WIDTH, 22, "gain", 12, anchor="end", fill=SOFT)
    for record, y in zip(records, drawn, strict=True):
        _draw_row(canvas, panel, record, y)
    return Figure(name, canvas.to_svg(), table, CAPTION)


def _words(record: dict) -> tuple[str, str]:
    """Return what a control is called, and what it is."""
    if record["ingredient"] == CAPACITY:
        return "capacity alone", f"dense network against {record['control']}"
    suffix = arm_of(str(record["control"]))[1]
    return ARMS.get(suffix, (str(record["control"]), str(record["ingredient"])))


def _draw_row(canvas: Canvas, panel: Panel, record: dict, y: float) -> None:
    low, high = float(record["low"]), float(record["high"])
    clear = low > 0 or high < 0
    colour = (ACCENT if low > 0 else WARN) if clear else NEUTRAL
    if math.isfinite(low) and math.isfinite(high):
        px = [float(value) for value in panel.x([low, high])]
        canvas.line(px[0], y, px[1], y, stroke=colour, stroke_width=2.4)
    place = float(panel.x(record["difference"]))
    fill = colour if clear else PAPER
    tip = str(record.get("line") or record["control"])
    canvas.circle(place, y, 5.2, tip, fill=fill, stroke=colour, stroke_width=2)
    mean = fixed(record["control_mean"])
    canvas.text(WIDTH - 90, y + 4.5, mean, 13, anchor="end", fill=SOFT)
    gain = signed(record["difference"])
    canvas.text(WIDTH, y + 4.5, gain, 13, anchor="end", font_weight=600)


CAPTION = (
    "Every [[control]] is fitted on the same folds and lacks one ingredient. Network "
    "minus control with its 95 % [[interval]]; filled where it excludes zero. A "
    "control as good as the network means that the ingredient did nothing here. "
    "Capacity alone is what a dense network of equal size adds to the reference."
)
