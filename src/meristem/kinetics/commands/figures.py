"""Figures of the kinetic page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.kinetics.cas9.encode import EDIT_NAMES
from meristem.pages.numbers import fixed, significant
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, RULE, SOFT, WARN, ramp
from meristem.pages.panel import draw_axes, draw_x_axis, make_panel
from meristem.pages.rows import WIDTH, draw_rows
from meristem.pages.scale import limits, thin
from meristem.pages.svg import Canvas


def draw_bars(
    table: pd.DataFrame, column: str, name: str, title: str, unit: str
) -> Figure:
    """Draw a value with its range per row: a dot and a line."""
    low = float(np.nanmin(table[["low", "value"]].to_numpy()))
    high = float(np.nanmax(table[["high", "value"]].to_numpy()))
    span = limits([np.array([min(low, 0.0), max(high, 0.0)])])
    labels = [str(name).replace("_", " ") for name in table[column]]
    drawn = draw_rows(title, labels, span, unit, (150, 20, 8), 22)
    canvas, panel = drawn.canvas, drawn.panel
    zero = float(panel.x(0.0))
    canvas.line(zero, panel.top, zero, panel.bottom, stroke=NEUTRAL)
    for label, row, y in zip(labels, table.to_dict("records"), drawn, strict=True):
        if not np.isfinite(row["value"]):
            continue
        ends = [float(panel.x(row[end])) for end in ("low", "high")]
        canvas.line(ends[0], y, ends[1], y, stroke=ACCENT, stroke_width=2)
        ends_text = f"{significant(row['low'], 3)} to {significant(row['high'], 3)}"
        tip = f"{label}: {significant(row['value'], 3)} ({ends_text})"
        canvas.circle(float(panel.x(row["value"])), y, 4, fill=ACCENT, tip=tip)
    return Figure(name, canvas.to_svg(), table, title=title)


def draw_constants(table: pd.DataFrame, name: str) -> Figure:
    """Draw every constant on a log scale with its interval; open ends as arrows."""
    rates = table[~table["parameter"].str.contains(":", regex=False)]
    ends = np.log10(rates[["value", "low", "high"]].to_numpy(dtype=float).clip(1e-300))
    middle = ends[:, 0]
    known = ends[:, 1:][np.isfinite(ends[:, 1:]) & (np.abs(ends[:, 1:]) < 100)]
    span = limits([np.concatenate([middle, known])])
    title = "Rate constants"
    labels = rates["parameter"].tolist()
    drawn = draw_rows(title, labels, span, "log10 rate constant", (150, 20, 8), 24)
    canvas, panel = drawn.canvas, drawn.panel
    for label, row, (value, *interval), y in zip(
        labels, rates.to_dict("records"), ends.tolist(), drawn, strict=True
    ):
        low, high = np.clip(interval, *span)
        x = [float(panel.x(at)) for at in (low, high)]
        canvas.line(x[0], y, x[1], y, stroke=ACCENT, stroke_width=2)
        for end, at, step in ((interval[0], x[0], 5), (interval[1], x[1], -5)):
            if not span[0] <= end <= span[1]:
                canvas.polyline(
                    [(at + step, y - 4), (at, y), (at + step, y + 4)],
                    stroke=ACCENT,
                    stroke_width=2,
                )
        ends_text = f"{significant(row['low'], 3)} to {significant(row['high'], 3)}"
        tip = f"{label}: {significant(row['value'], 3)} ({ends_text})"
        filled = ACCENT if row["bounded"] else "#ffffff"
        canvas.circle(float(panel.x(value)), y, 4, fill=filled, stroke=ACCENT, tip=tip)
    caption = "Lines: intervals; an arrow: no end on that side; hollow: not bounded."
    return Figure(name, canvas.to_svg(), rates, caption=caption)


def draw_observed(table: pd.DataFrame, model: str) -> Figure:
    """Draw measurement against prediction; rows at the detection limit apart."""
    shown = table.iloc[thin(len(table), 4000)]
    canvas = Canvas(WIDTH, 420, "observed against predicted")
    x, y = shown[model].to_numpy(), shown["observed"].to_numpy()
    panel = make_panel((60, 30, 440, 340), limits([x]), limits([y]))
    draw_axes(canvas, panel, "predicted, log10", "observed, log10")
    censored = shown["censored"].to_numpy().astype(bool)
    for mask, colour in ((~censored, ACCENT), (censored, WARN)):
        canvas.dots(panel.x(x[mask]), panel.y(y[mask]), 2, colour, 0.4)
    if censored.any():
        canvas.text(520, 60, "measured", 12, fill=ACCENT)
        canvas.text(520, 80, "at the detection limit", 12, fill=WARN)
    return Figure(
        "observed",
        canvas.to_svg(),
        shown[["observed", model, "censored"]],
        caption="Rows never seen in training or choice.",
    )


def draw_heat(table: pd.DataFrame, name: str, title: str, caption: str) -> Figure:
    """Draw a map of changes: positions across, edits down."""
    place = {name: index for index, name in enumerate(EDIT_NAMES)}
    edits = sorted(dict.fromkeys(table["edit"]), key=lambda edit: place.get(edit, -1))
    positions = sorted(table["position"].unique())
    cell = min(26.0, (WIDTH - 80) / len(positions))
    canvas = Canvas(WIDTH, 24 * len(edits) + 60, title)
    worst = float(-min(table["change"].min(), -1e-9))
    best = float(max(table["change"].max(), 1e-9))
    for row in table.to_dict("records"):
        x = 70 + positions.index(row["position"]) * cell
        y = 10 + edits.index(row["edit"]) * 24
        tip = f"{row['edit']} at {row['position']}: {fixed(row['change'])}"
        canvas.rect(x, y, cell - 1, 23, fill=ramp(0.0))
        down = row["change"] <= 0
        share = -row["change"] / worst if down else row["change"] / best
        colour = ACCENT if down else WARN
        canvas.rect(x, y, cell - 1, 23, tip=tip, fill=colour, fill_opacity=share)
    for index, edit in enumerate(edits):
        canvas.text(62, 26 + index * 24, edit, 12, anchor="end", fill=SOFT)
    bottom = 10 + 24 * len(edits)
    for index, position in enumerate(positions):
        if index % 2 == 0:
            x = 70 + (index + 0.5) * cell
            canvas.text(x, bottom + 16, str(position), 11, anchor="middle", fill=SOFT)
    text = f"green: down to {significant(-worst)}; orange: up to {significant(best)}"
    canvas.text(70, bottom + 36, text, 11, fill=SOFT)
    return Figure(name, canvas.to_svg(), table, caption=caption, title=title)


def draw_inclusion(inclusion: pd.DataFrame, windows: pd.DataFrame) -> Figure:
    """Draw one profile per reaction; true windows as bars below where known."""
    names = list(windows["reaction"])
    pitch, left = 46.0, 90.0
    canvas = Canvas(WIDTH, pitch * len(names) + 40, "posterior windows")
    last = float(inclusion["position"].max())
    for index, name in enumerate(names):
        rows = inclusion[inclusion["reaction"] == name]
        top = 6 + index * pitch
        panel = make_panel(
            (left, top, WIDTH - left - 20, 32), (-0.5, last + 0.5), (0, 1)
        )
        points = [
            (float(panel.x(p)), float(panel.y(v)))
            for p, v in zip(rows["position"], rows["inclusion"], strict=True)
        ]
        base = [(points[-1][0], panel.bottom), (points[0][0], panel.bottom)]
        d = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in [*points, *base]) + "Z"
        canvas.path(d, fill=ACCENT, fill_opacity=0.35, stroke=ACCENT)
        canvas.line(panel.left, panel.bottom, panel.right, panel.bottom, stroke=RULE)
        canvas.text(left - 10, top + 22, name, 12, left - 14, anchor="end", fill=INK)
        if "true_start" in windows:
            row = windows.iloc[index]
            ends = [
                float(panel.x(row[end] - 0.5)) for end in ("true_start", "true_stop")
            ]
            width = ends[1] - ends[0]
            canvas.rect(ends[0], panel.bottom + 1, width, 4, fill=WARN)
        if index == len(names) - 1:
            draw_x_axis(canvas, panel)
    caption = "Height: share of the best architectures that read the position."
    if "true_start" in windows:
        caption += " Orange: the true window."
    return Figure("windows", canvas.to_svg(), inclusion, caption=caption)


def draw_search(trials: pd.DataFrame) -> Figure:
    """Draw rewards by generation, and the best so far."""
    grouped = trials.groupby("generation")["reward"]
    table = grouped.agg(["mean", "max"]).reset_index()
    table["best"] = table["max"].cummax()
    canvas = Canvas(WIDTH, 300, "rewards by generation")
    last = max(float(table["generation"].max()), 1.0)
    values = trials["reward"].to_numpy()
    panel = make_panel((60, 30, 660, 220), (0, last), limits([values]))
    draw_axes(canvas, panel, "generation", "reward (held-out r)")
    canvas.dots(
        panel.x(trials["generation"]), panel.y(trials["reward"]), 2, NEUTRAL, 0.4
    )
    for column, colour in (("mean", SOFT), ("best", ACCENT)):
        points = zip(
            panel.x(table["generation"]).tolist(),
            panel.y(table[column]).tolist(),
            strict=True,
        )
        canvas.polyline(points, stroke=colour, stroke_width=2)
    return Figure(
        "search",
        canvas.to_svg(),
        table,
        caption="Dots: architectures; grey line: mean of a generation; green: best.",
    )
