"""Several cycles: strategies compared in gain, variance and effective size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, number
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import category
from meristem.pages.panel import draw_axes, draw_legend, make_panel, tick_room
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided


def cycles_section(decided: Decided) -> Section | None:
    """Return how strategies do over cycles; None where none are asked."""
    table = decided.cycles
    if table.empty:
        return None
    said = decided.summary["further"].get("cycles", [])
    intro = (
        "A programme simulated from the best candidates: in every cycle lines are "
        "chosen and crossed, their progeny made, phenotyped and predicted anew. "
        "Strategies share founders and random numbers, so that what differs is the "
        "choice of parents. A gain that costs diversity (a lower Ne) is paid later."
    )
    listed = Markup("<ul>{}</ul>").format(
        Markup("").join(
            Markup("<li>{}.</li>").format(f"{line[0].upper()}{line[1:]}")
            for line in said
        )
    )
    means = _means(table)
    formats = {
        "cycle": count,
        **dict.fromkeys(("gain", "genic_sd", "accuracy", "cost"), number),
        "effective": _one,
        "coancestry": fixed,
    }
    headings = {
        "gain": "gain, genic SD of the founders",
        "genic_sd": "genic SD",
        "effective": "Ne so far (median)",
    }
    blocks: list[Block] = [
        str(listed),
        _figure(means),
        str(table_html(means, formats, headings)),
    ]
    gaps = decided.cycles_differences
    if not gaps.empty:
        note = (
            "Differences of gains in the same replicate, with paired 95 % intervals, "
            "beside the Ne of both (medians)."
        )
        forms: dict[str, Format] = dict.fromkeys(("difference", "low", "high"), fixed)
        forms |= dict.fromkeys(("ne", "ne_reference"), _one)
        heads = {"ne": "Ne", "ne_reference": "Ne of the reference"}
        heads["n_replicate"] = "replicates"
        blocks.append(str(table_html(gaps, forms, heads, note=note)))
    return Section("Several cycles", "cycles", "", intro, tuple(blocks))


def _one(value: float) -> str:
    return fixed(value, 1)


def _means(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over replicates by strategy and cycle."""
    names = ["gain", "genic_sd", "accuracy", "coancestry", "cost"]
    kept = [name for name in names if name in table]
    groups = table.groupby(["strategy", "cycle"], sort=False)
    means = groups[kept].mean()
    means.insert(2, "effective", groups["effective"].median().replace(np.inf, np.nan))
    return means.reset_index()


def _figure(means: pd.DataFrame) -> Figure:
    canvas = Canvas(840, 330, "Gain and genic spread over cycles")
    half = 400.0
    for place, (column, axis) in enumerate(
        (("gain", "gain, genic SD of the founders"), ("genic_sd", "genic SD left"))
    ):
        x = limits([means["cycle"]], pad=0.03)
        y = limits([means[column]])
        left = place * (half + 20) + tick_room(Scale(*y, 200, 0)) + 4
        box = (left, 64, place * (half + 20) + half - left - 10, 210)
        panel = make_panel(box, x, y)
        draw_axes(canvas, panel, "cycle", axis)
        for number_, (_, rows) in enumerate(means.groupby("strategy", sort=False)):
            points = zip(panel.x(rows["cycle"]), panel.y(rows[column]), strict=True)
            canvas.polyline(list(points), stroke=category(number_), stroke_width=2.2)
            canvas.dots(
                panel.x(rows["cycle"]), panel.y(rows[column]), 3, category(number_)
            )
    names = list(dict.fromkeys(means["strategy"]))
    draw_legend(canvas, [(name, category(k)) for k, name in enumerate(names)], 4, 14)
    caption = "Means over replicates that share founders and random numbers."
    return Figure("selection_cycles", canvas.to_svg(), means, caption)
