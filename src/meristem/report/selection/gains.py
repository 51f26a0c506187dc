"""What the selected lines are expected to gain in every trait."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, number
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import ACCENT, INK, NULL, RULE, SOFT, WARN
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided

FEWEST_AXES = 3
"""Traits below which a radar is no area."""


def gains_section(decided: Decided) -> Section:
    """Return the gain of every trait, beside what was desired."""
    table = decided.index
    name = target_names(table)
    level = decided.summary["level"]
    shown = pd.DataFrame({"trait": name})
    columns = {
        "weight": "weight per unit",
        "coefficient": "coefficient",
        "implied_weight": "implied weight",
        "desired": "desired gain",
        "gain": "expected gain",
        "gain_low": f"{level:.0%} low",
        "gain_high": "high",
        "gain_by_formula": "gain foreseen by the index",
        "reliability": "reliability",
    }
    for column, heading in columns.items():
        if column in table and table[column].notna().any():
            shown[heading] = table[column]
    formats: dict[str, Format] = dict.fromkeys(map(str, shown.columns[1:]), number)
    formats |= {"reliability": fixed} if "reliability" in formats else {}
    blocks: list[Block] = [_bars(decided, name)]
    if len(table) >= FEWEST_AXES:
        blocks.append(_radar(decided, name))
    blocks.append(str(table_html(shown, formats, note=_index_words(decided))))
    intro = (
        "Expected gain of the selected lines above the mean of all candidates, from "
        "joint draws of the [[posterior]]: errors of related lines go together, and "
        "the intervals say so. The gain foreseen by the index is the same thing told "
        "before the candidates were known; the two do not add up."
    )
    return Section("Expected gain", "gains", "", intro, tuple(blocks))


def target_names(table: pd.DataFrame) -> list[str]:
    """Return what every target is called."""
    both = zip(table["trait"], table["environment"], strict=True)
    return [f"{trait}, {place}" if place else trait for trait, place in both]


def _index_words(decided: Decided) -> str:
    summary = decided.summary
    said = f"Index: {summary['index']}."
    if summary["index_accuracy"] is not None:
        said += f" Expected accuracy for the merit {fixed(summary['index_accuracy'])}"
        efficiency = summary["index_efficiency"]
        if efficiency is not None:
            said += (
                f", {efficiency:.1%} of the gain in merit of the Smith-Hazel index "
                "with the same weights"
            )
        said += "."
    return said


def _bars(decided: Decided, names: list[str]) -> Figure:
    """Return gain and interval of every target, in SD of its predictions."""
    table = decided.index
    sd = table["sd_predicted"].to_numpy(dtype=float)
    sd = np.where(sd > 0, sd, 1.0)
    ends = [table[c].to_numpy() / sd for c in ("gain_low", "gain", "gain_high")]
    rows = draw_rows(
        "Expected gain of the selected lines",
        names,
        limits(ends, include=[0.0]),
        "gain, SD of the predictions",
        (label_room(names, 260, pad=26), 120, 12),
        32,
    )
    x = rows.panel.x
    zero = float(x(0))
    rows.canvas.line(zero, rows.panel.top, zero, rows.panel.bottom, stroke=SOFT)
    for place, y in enumerate(rows):
        low, middle, high = (float(x(end[place])) for end in ends)
        wanted = middle - zero
        sign = float(table["coefficient"].iloc[place])
        colour = ACCENT if sign == 0 or sign * ends[1][place] >= 0 else WARN
        rows.canvas.rect(min(zero, middle), y - 7, abs(wanted), 14, fill=colour)
        rows.canvas.line(low, y, high, y, stroke=INK, stroke_width=2)
        gain = number(float(table["gain"].iloc[place]))
        rows.canvas.text(rows.panel.right + 12, y + 4, gain, 12)
    caption = (
        f"Bars: expected gain; lines: {decided.summary['level']:.0%} interval; at the "
        "right the gain in units of the trait. Brown: against the index."
    )
    return Figure("selection_gain", rows.canvas.to_svg(), table, caption)


def _radar(decided: Decided, names: list[str]) -> Figure:
    """Return desired and expected gains on one axis per trait, SD of predictions."""
    table = decided.index
    sd = table["sd_predicted"].to_numpy(dtype=float)
    sd = np.where(sd > 0, sd, 1.0)
    gain = table["gain"].to_numpy() / sd
    desired = (
        table["desired"].to_numpy(dtype=float) / sd
        if "desired" in table
        else np.full(gain.size, np.nan)
    )
    both = [gain, desired[np.isfinite(desired)]]
    low, high = limits(both, pad=0.15, include=[0.0])
    canvas = Canvas(840, 400, "Desired and expected gains")
    cx, cy, radius = 420.0, 200.0, 140.0
    angle = -np.pi / 2 + 2 * np.pi * np.arange(gain.size) / gain.size

    def place(value: np.ndarray) -> list[tuple[float, float]]:
        r = radius * (value - low) / (high - low)
        return list(zip(cx + r * np.cos(angle), cy + r * np.sin(angle), strict=True))

    def ring(level: float, **style: object) -> None:
        points = place(np.full(gain.size, level))
        canvas.polyline([*points, points[0]], **style)

    ring(high, stroke=RULE)
    ring(0.0, stroke=SOFT, stroke_dasharray="4 3")
    for k, name in enumerate(names):
        end = place(np.full(gain.size, high))[k]
        canvas.line(cx, cy, *end, stroke=RULE)
        side = math.cos(angle[k])
        anchor = "middle" if abs(side) < 0.2 else ("start" if side > 0 else "end")
        x, y = cx + 1.1 * (end[0] - cx), cy + 1.1 * (end[1] - cy) + 4
        canvas.text(x, y, name, 12, 220, anchor=anchor)
    if np.isfinite(desired).all():
        points = place(desired)
        canvas.polyline([*points, points[0]], stroke=NULL, stroke_width=3)
    points = place(gain)
    canvas.polyline([*points, points[0]], stroke=ACCENT, stroke_width=2.4)
    for x, y in points:
        canvas.circle(x, y, 4, fill=ACCENT)
    caption = (
        "Green: expected gains of the selected lines, SD of the predictions; dashed: "
        "no change" + ("; grey: desired gains." if "desired" in table else ".")
    )
    frame = pd.DataFrame({"target": names, "gain_sd": gain, "desired_sd": desired})
    return Figure("selection_radar", canvas.to_svg(), frame, caption)
