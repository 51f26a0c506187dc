"""Gain against inbreeding: the frontier, with a slider over its plans."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent, plural, significant
from meristem.pages.page import Figure, Section
from meristem.pages.palette import ACCENT, INK, PAPER, SOFT, WARN
from meristem.pages.panel import Panel, draw_axes, make_panel, tick_room
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided, gain_in

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
        "No contributions of the lines that passed the filters have a higher index "
        "under these limits at the same [[coancestry]]: every point solves its "
        f"programme, with a residual of the conditions of a solution of at most "
        f"{_residual(decided)}. Chosen: {summary['bound']}. Expected gains are in "
        f"{gain_in(summary)}, above the {summary['gain_base']}; Ne is told against the "
        f"{summary['ne_base']}. Coancestry is counted by "
        f"{summary['coancestry_base']}."
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
    place = {row["point"]: at for at, row in enumerate(_slides(decided))}
    left = tick_room(Scale(*y, 300, 0)) + 4
    panel = make_panel((left, 62, 840 - left - 30, 280), x, y)
    draw_axes(canvas, panel, "group coancestry of the parents")
    canvas.text(0, panel.top - 28, "expected gain", 12)  # above the ticks of Ne
    _ne_axis(canvas, panel, float(decided.summary["coancestry_now"]))
    points = zip(panel.x(curve["coancestry"]), panel.y(curve["gain"]), strict=True)
    canvas.polyline(list(points), stroke=ACCENT, stroke_width=2)
    for row in curve.to_dict("records"):
        tip = f"gain {number(row['gain'])}, Ne {effective_words(row['ne'])}"
        canvas.circle(
            float(panel.x(row["coancestry"])),
            float(panel.y(row["gain"])),
            4.5,
            tip=f"{tip}, {row['contributors']} lines",
            fill=ACCENT,
            data_dot=place[row["point"]],
        )
    for kind, colour, word in (
        ("chosen", INK, "chosen"),
        ("truncation", WARN, "the best in equal shares"),
    ):
        marked = table[table["kind"] == kind].iloc[0]
        px, py = float(panel.x(marked["coancestry"])), float(panel.y(marked["gain"]))
        slide = place.get(marked["point"])
        dot: dict[str, Any] = {} if slide is None else {"data_dot": slide}
        canvas.circle(
            px,
            py,
            4.5 if dot else 7,
            fill=PAPER,
            stroke=colour,
            stroke_width=2.5,
            **dot,
        )
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
        "all candidates before the filters."
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


def effective_words(value: float) -> str:
    """Return an effective size; without one, that there is no inbreeding."""
    return number(value) if math.isfinite(value) else "no inbreeding"


def _slides(decided: Decided) -> list[dict[Hashable, Any]]:
    """Return the plans of the slider from gain to diversity, the chosen one among."""
    table = decided.frontier[decided.frontier["kind"] != "truncation"]
    order = table.sort_values("coancestry", ascending=False, kind="stable")
    return order.to_dict("records")


def _slider(decided: Decided) -> Markup:
    """Return a slider over the plans, one panel each; it opens on the chosen one."""
    rows = _slides(decided)
    start = next(at for at, row in enumerate(rows) if row["kind"] == "chosen")
    panels = [_panel(decided, at, row, at != start) for at, row in enumerate(rows)]
    return Markup(
        '<div class="slider"><p><label>Slide from gain to diversity '
        '<input type="range" min="{}" max="{}" value="{}" style="width:100%" '
        'oninput="{}" /></label></p>{}</div>'
    ).format(0, len(rows) - 1, start, _SLIDE, Markup("").join(panels))


def _panel(decided: Decided, at: int, row: dict[Hashable, Any], hidden: bool) -> Markup:
    own = decided.contributions[decided.contributions["point"] == row["point"]]
    name = "The chosen plan" if row["kind"] == "chosen" else f"Plan {at + 1}"
    ends = f"{number(row['gain_low'])} to {number(row['gain_high'])}"
    said = (
        f"{name}: expected gain {number(row['gain'])} ({ends}), coancestry "
        f"{fixed(row['coancestry'], 4)}, Ne: {effective_words(row['ne'])}, "
        f"{plural(int(row['contributors']), 'contributor')}."
    )
    shown = own.head(SHOWN)[["sample_id", "contribution", "index"]]
    shown = shown.rename(columns={"sample_id": "line"})
    note = f"{len(shown)} of {len(own)}" if len(own) > len(shown) else ""
    table = table_html(shown, {"contribution": percent, "index": number}, note=note)
    attribute = Markup(' hidden="hidden"') if hidden else Markup("")
    return Markup('<div data-point="{}"{}><p><b>{}</b></p>{}</div>').format(
        at, attribute, said, table
    )


def _table(decided: Decided) -> Markup:
    columns = {
        "kind": "plan",
        "index_gain": "in the index",
        "gain": "expected gain",
        "gain_low": f"{decided.summary['level']:.0%} low",
        "gain_high": "high",
        "coancestry": "coancestry",
        "rate_of_inbreeding": "rate of inbreeding",
        "ne": "Ne",
        "contributors": "contributors",
        "residual": "residual",
    }
    kept = [name for name in columns if name in decided.frontier]
    shown = decided.frontier[kept].rename(columns=columns)
    shown["Ne"] = [effective_words(ne) for ne in shown["Ne"]]
    gains = ("gain", "index_gain", "gain_low", "gain_high")
    formats: dict[str, Format] = {
        **{columns[name]: number for name in gains if name in kept},
        "coancestry": _four,
        "rate of inbreeding": percent,
        "residual": significant,
    }
    note = (
        "No inbreeding: the parents are as diverse as all candidates before the "
        "filters, or more so. The last plan is that of the best lines in equal shares."
    )
    return table_html(pd.DataFrame(shown), formats, note=note)


def _four(value: float) -> str:
    return fixed(value, 4)
