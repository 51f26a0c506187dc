"""What the selected lines are expected to gain in every trait."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import (
    ACCENT,
    CATEGORIES,
    FAINT,
    INK,
    PAPER,
    RULE,
    SOFT,
    WARN,
)
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.records import FloatArray
from meristem.report.selection.decided import Decided

FEWEST_AXES = 3
"""Traits below which a radar is no area."""


def gains_section(decided: Decided) -> Section:
    """Return the gain of every trait, beside what was desired."""
    table = decided.index
    name = target_names(table)
    summary = decided.summary
    shown = pd.DataFrame({"trait": name})
    columns = {
        "weight": "weight per unit",
        "coefficient": "coefficient",
        "implied_weight": "implied weight",
        "desired": "desired gain",
        "gain": "expected gain",
        "gain_low": f"{summary['level']:.0%} low",
        "gain_high": "high",
        "gain_alone": "if chosen for it alone",
        "gain_foreseen": "foreseen by theory",
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
        f"Expected gain of the selected lines in every trait, above the "
        f"{summary['gain_base']}, from joint draws of the [[posterior]]: errors of "
        "related lines go together, and the intervals say so."
    )
    if summary["covariances"] is not None:
        intro += (
            " Traits are told from the predictions of all of them, by their genetic "
            "covariances, whose own errors are part of the intervals: lines chosen for "
            "one trait gain in those that go with it."
        )
    return Section("Expected gain", "gains", "", intro, tuple(blocks))


def target_names(table: pd.DataFrame) -> list[str]:
    """Return what every target is called."""
    both = zip(table["trait"], table["environment"], strict=True)
    return [f"{trait}, {place}" if place else trait for trait, place in both]


def _index_words(decided: Decided) -> str:
    summary = decided.summary
    said = f"Index: {summary['index']}."
    if summary["gain_of"] != summary["index"]:
        said += f" Merit, what gains are told in: {summary['gain_of']} of true values."
    if summary["index_accuracy"] is not None and summary["gain_in"] == "merit":
        said += (
            " By the theory of the index, told before the candidates are known: "
            f"a gain in merit of {number(summary['gain_foreseen'])} at an intensity of "
            f"{fixed(summary['intensity'])}, accuracy "
            f"{fixed(summary['index_accuracy'])}"
        )
        efficiency = summary["index_efficiency"]
        if efficiency is not None:
            said += (
                f", {percent(efficiency)} of the gain in merit of the Smith-Hazel "
                "index with the same weights"
            )
        said += ". It is the same gain, not a further one."
    if summary["index_gain"] is not None and summary["gain_in"] == "merit":
        said += (
            f" In the index itself the lines are {number(summary['index_gain'])} above "
            "all candidates: each trait as it is predicted by itself."
            if summary["method"] == "base"
            else f" In the index itself the lines are {number(summary['index_gain'])} "
            "above all candidates, in units that its coefficients set."
        )
    return said


def _bars(decided: Decided, names: list[str]) -> Figure:
    """Return gain and interval of every target, in SD of its predictions."""
    table = decided.index
    ends = [_per_sd(table, c) for c in ("gain_low", "gain", "gain_high")]
    alone, desired = _per_sd(table, "gain_alone"), _desired(decided)
    rows = draw_rows(
        "Expected gain of the selected lines",
        names,
        limits([*ends, alone, desired], include=[0.0]),
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
        sign = float(table["weight"].iloc[place] or table["coefficient"].iloc[place])
        colour = ACCENT if sign == 0 or sign * ends[1][place] >= 0 else WARN
        rows.canvas.rect(min(zero, middle), y - 7, abs(wanted), 14, fill=colour)
        rows.canvas.line(low, y, high, y, stroke=INK, stroke_width=2)
        if np.isfinite(alone[place]):
            at = float(x(alone[place]))
            rows.canvas.circle(at, y, 4.5, fill=PAPER, stroke=SOFT, stroke_width=2)
        if np.isfinite(desired[place]):
            at = float(x(desired[place]))
            rows.canvas.line(
                at, y - 12, at, y + 12, stroke=CATEGORIES[0], stroke_width=3
            )
        gain = number(float(table["gain"].iloc[place]))
        rows.canvas.text(rows.panel.right + 12, y + 4, gain, 12)
    caption = (
        f"Bars: expected gain; lines: {decided.summary['level']:.0%} interval; at the "
        "right the gain in units of the trait. Brown: against the sign of its weight. "
        "Rings: gain in the trait of as many lines chosen for it alone."
    )
    if np.isfinite(desired).any():
        caption += f" Blue: desired gain{_scaled_words(decided)}."
    return Figure("selection_gain", rows.canvas.to_svg(), table, caption)


def _per_sd(table: pd.DataFrame, column: str) -> FloatArray:
    """Return a column in SD of the predictions; NaN where it has no value."""
    if column not in table:
        return np.full(len(table), np.nan)
    sd = table["sd_predicted"].to_numpy(dtype=float)
    return np.asarray(table[column].to_numpy(dtype=float) / np.where(sd > 0, sd, 1.0))


def _desired(decided: Decided) -> FloatArray:
    """Return the desired gains; proportions are brought to the size of the gains."""
    table = decided.index
    desired = _per_sd(table, "desired")
    if decided.summary["method"] == "proportional":
        gain, wanted = table["gain"].to_numpy(), table["desired"].to_numpy(dtype=float)
        known = np.isfinite(wanted)
        desired *= float(gain[known] @ wanted[known] / (wanted[known] @ wanted[known]))
    return desired


def _scaled_words(decided: Decided) -> str:
    if decided.summary["method"] == "proportional":
        return ", its proportions at the size of the expected gains"
    return ""


def _radar(decided: Decided, names: list[str]) -> Figure:
    """Return expected gains on one axis per trait, beside what could be or should be.

    Desired gains where there are some; else those of lines chosen for each trait alone.
    """
    table = decided.index
    gain, desired = _per_sd(table, "gain"), _desired(decided)
    wanted = bool(np.isfinite(desired).any())
    beside = desired if wanted else _per_sd(table, "gain_alone")
    low, high = limits([gain, beside], pad=0.15, include=[0.0])
    title = "Desired and expected gains" if wanted else "Expected gains of all traits"
    canvas = Canvas(840, 400, title)
    cx, cy, radius = 420.0, 200.0, 140.0
    angle = -np.pi / 2 + 2 * np.pi * np.arange(gain.size) / gain.size

    def place(value: np.ndarray) -> list[tuple[float, float]]:
        r = radius * (value - low) / (high - low)
        return list(zip(cx + r * np.cos(angle), cy + r * np.sin(angle), strict=True))

    def outline(value: np.ndarray, colour: str, width: float) -> None:
        """Draw the axes that have a value; an area where three or more have."""
        known = np.isfinite(value)
        points = [point for point, has in zip(place(value), known, strict=True) if has]
        if len(points) >= FEWEST_AXES:
            canvas.polyline([*points, points[0]], stroke=colour, stroke_width=width)
        for x, y in points:
            canvas.circle(x, y, 4.5, fill=colour)

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
    outline(beside, CATEGORIES[0] if wanted else FAINT, 3)
    outline(gain, ACCENT, 2.4)
    caption = (
        "Green: expected gains of the selected lines, SD of the predictions; dashed: "
        "no change; "
    )
    caption += (
        f"blue: desired gains of the traits that have one{_scaled_words(decided)}."
        if wanted
        else "grey: gain in each trait of as many lines chosen for it alone, which "
        "cannot be had in all of them together."
    )
    columns = {"target": names, "gain_sd": gain, "desired_sd": desired}
    frame = pd.DataFrame(columns | {"alone_sd": _per_sd(table, "gain_alone")})
    return Figure("selection_radar", canvas.to_svg(), frame, caption)
