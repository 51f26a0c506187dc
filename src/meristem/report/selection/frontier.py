"""Gain against inbreeding: the frontier, with a slider over its plans."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent, significant
from meristem.pages.page import Figure, Section
from meristem.pages.palette import ACCENT, INK, PAPER, SOFT, WARN
from meristem.pages.panel import Panel, draw_axes, make_panel, tick_room
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided

SHOWN = 12
"""Contributors listed for a point."""

NE_TICKS = (2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200)

# every point has its panel; the slider shows one, and enlarges its dot
_SLIDE = (
    "var v=Number(this.value);"
    "Array.from(this.closest('.slider').querySelectorAll('[data-point]'))"
    ".forEach(function(p){p.hidden=Number(p.getAttribute('data-point'))!==v;});"
    "Array.from(document.querySelectorAll('circle[data-dot]'))"
    ".forEach(function(c){c.setAttribute('r',"
    "Number(c.getAttribute('data-dot'))===v?8:4.5);});"
)


def frontier_section(decided: Decided) -> Section:
    """Return the frontier, and a slider over the plans on it."""
    summary = decided.summary
    intro = (
        "No contributions of these candidates under these limits gain more at the same "
        "[[coancestry]]: every point solves its programme, with a residual of the "
        f"conditions of a solution of at most {_residual(decided)}. Chosen: "
        f"{summary['bound']}. Coancestry is counted by {summary['coancestry_base']}; "
        "the candidates that passed the filters have "
        f"{number(summary['coancestry_now'])}, and Ne is told against them."
    )
    blocks = (_figure(decided), str(_slider(decided)), str(_table(decided)))
    return Section("Gain and diversity", "frontier", "", intro, blocks)


def _residual(decided: Decided) -> str:
    return significant(float(decided.frontier["residual"].max()), 1)


def _figure(decided: Decided) -> Figure:
    table = decided.frontier
    curve = table[table["kind"] == "frontier"].sort_values("coancestry")
    canvas = Canvas(840, 400, "Gain and coancestry of the frontier")
    y = limits([table["gain"]])
    x = limits([table["coancestry"]])
    left = tick_room(Scale(*y, 300, 0)) + 4
    panel = make_panel((left, 62, 840 - left - 30, 280), x, y)
    draw_axes(canvas, panel, "group coancestry of the parents", "expected gain")
    _ne_axis(canvas, panel, float(decided.summary["coancestry_now"]))
    points = zip(panel.x(curve["coancestry"]), panel.y(curve["gain"]), strict=True)
    canvas.polyline(list(points), stroke=ACCENT, stroke_width=2)
    for row in curve.to_dict("records"):
        tip = f"gain {number(row['gain'])}, Ne {_ne(row['ne'])}"
        canvas.circle(
            float(panel.x(row["coancestry"])),
            float(panel.y(row["gain"])),
            4.5,
            tip=f"{tip}, {row['contributors']} lines",
            fill=ACCENT,
            data_dot=int(row["point"]),
        )
    for kind, colour, word in (
        ("chosen", INK, "chosen"),
        ("truncation", WARN, "the best in equal shares"),
    ):
        marked = table[table["kind"] == kind].iloc[0]
        px, py = float(panel.x(marked["coancestry"])), float(panel.y(marked["gain"]))
        canvas.circle(px, py, 7, fill=PAPER, stroke=colour, stroke_width=2.5)
        near = px > panel.right - 180
        canvas.text(
            px + (-12 if near else 12),
            py + 18,
            word,
            12,
            anchor="end" if near else "start",
            fill=colour,
            halo=True,
        )
    caption = (
        "Each dot is a plan: towards the right more gain and fewer contributors. The "
        "axis at the top is the effective size (Ne) that a coancestry means against "
        "the candidates."
    )
    return Figure("selection_frontier", canvas.to_svg(), table, caption)


def _ne_axis(canvas: Canvas, panel: Panel, base: float) -> None:
    """Draw the second axis, Ne = 1 / (2 dF), above the panel."""
    canvas.line(panel.left, panel.top, panel.right, panel.top, stroke=SOFT)
    last = math.inf
    for ne in NE_TICKS:
        theta = base + (1 - base) / (2 * ne)
        if not panel.x.low <= theta <= panel.x.high:
            continue
        place = float(panel.x(theta))
        if last - place < 30:
            continue
        canvas.line(place, panel.top - 5, place, panel.top, stroke=SOFT)
        canvas.text(place, panel.top - 9, str(ne), 11, anchor="middle", fill=SOFT)
        last = place
    canvas.text(
        panel.right,
        panel.top - 28,
        "effective population size (Ne)",
        12,
        anchor="end",
        fill=SOFT,
    )


def _ne(value: float) -> str:
    return "no loss" if not math.isfinite(value) else number(value)


def _slider(decided: Decided) -> Markup:
    """Return a slider over the points of the frontier, one panel each."""
    points = decided.frontier[decided.frontier["kind"] == "frontier"]
    chosen = decided.frontier[decided.frontier["kind"] == "chosen"].iloc[0]
    distance = np.abs(points["coancestry"] - chosen["coancestry"]).to_numpy()
    start = int(points["point"].iloc[int(distance.argmin())])
    rows = points.to_dict("records")
    panels = [_panel(decided, row, int(row["point"]) != start) for row in rows]
    low, high = int(points["point"].min()), int(points["point"].max())
    return Markup(
        '<div class="slider"><p><label>Slide from gain to diversity '
        '<input type="range" min="{}" max="{}" value="{}" style="width:100%" '
        'oninput="{}" /></label></p>{}</div>'
    ).format(low, high, start, _SLIDE, Markup("").join(panels))


def _panel(decided: Decided, row: dict[Hashable, Any], hidden: bool) -> Markup:
    own = decided.contributions[decided.contributions["point"] == row["point"]]
    said = (
        f"Plan {row['point'] + 1}: expected gain {number(row['gain'])}, coancestry "
        f"{fixed(row['coancestry'], 4)}, Ne {_ne(row['ne'])}, {row['contributors']} "
        "contributors."
    )
    shown = own.head(SHOWN)[["sample_id", "contribution", "index"]]
    shown = shown.rename(columns={"sample_id": "line"})
    note = f"{len(shown)} of {len(own)}" if len(own) > len(shown) else ""
    table = table_html(shown, {"contribution": percent, "index": number}, note=note)
    attribute = Markup(' hidden="hidden"') if hidden else Markup("")
    return Markup('<div data-point="{}"{}><p><b>{}</b></p>{}</div>').format(
        row["point"], attribute, said, table
    )


def _table(decided: Decided) -> Markup:
    columns = {
        "kind": "plan",
        "gain": "expected gain",
        "coancestry": "coancestry",
        "rate_of_inbreeding": "rate of inbreeding",
        "ne": "Ne",
        "contributors": "contributors",
        "residual": "residual",
    }
    shown = decided.frontier[list(columns)].rename(columns=columns)
    formats: dict[str, Format] = {
        "expected gain": number,
        "coancestry": _four,
        "rate of inbreeding": percent,
        "Ne": number,
        "residual": significant,
    }
    note = (
        "Empty Ne: no diversity is lost against the candidates that passed the filters."
    )
    return table_html(pd.DataFrame(shown), formats, note=note)


def _four(value: float) -> str:
    return fixed(value, 4)
