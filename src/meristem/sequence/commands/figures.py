"""Figures of the page of sequence models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, SOFT, WARN, category
from meristem.pages.panel import draw_axes, draw_legend, make_panel
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits, thin
from meristem.pages.svg import Canvas


def draw_models(table: pd.DataFrame, name: str, title: str) -> Figure:
    """Draw r of every model with its interval: columns model, r, low, high."""
    labels = [str(label) for label in table["model"]]
    span = limits([table[["low", "high"]].to_numpy()], include=[0.0])
    room = (label_room(labels, 220, pad=30), 60, 8)
    drawn = draw_rows(title, labels, span, "Pearson r", room, 26)
    canvas, panel = drawn.canvas, drawn.panel
    for row, y in zip(table.to_dict("records"), drawn, strict=True):
        ends = [float(panel.x(row[end])) for end in ("low", "high")]
        canvas.line(ends[0], y, ends[1], y, stroke=ACCENT, stroke_width=2)
        tip = f"{row['model']}: {fixed(row['r'], 3)}"
        canvas.circle(float(panel.x(row["r"])), y, 4.5, fill=ACCENT, tip=tip)
        canvas.text(panel.right + 10, y + 4, fixed(row["r"], 3), 12, fill=SOFT)
    return Figure(
        name,
        canvas.to_svg(),
        table,
        caption="Correlation over rows that the models have not seen; lines: 95 % "
        "bootstrap intervals over groups of related sequences.",
        title=title,
    )


def draw_fit(
    table: pd.DataFrame,
    name: str,
    title: str,
    axes: tuple[str, str] = ("predicted", "measured"),
) -> Figure:
    """Draw the column `observed` against `predicted`."""
    shown = table.iloc[thin(len(table), 3000)]
    x, y = shown["predicted"].to_numpy(float), shown["observed"].to_numpy(float)
    canvas = Canvas(WIDTH, 400, title)
    panel = make_panel((70, 30, 440, 320), limits([x]), limits([y]))
    draw_axes(canvas, panel, *axes)
    canvas.dots(panel.x(x), panel.y(y), 2, ACCENT, 0.35)
    return Figure(name, canvas.to_svg(), shown, title=title)


def draw_courses(table: pd.DataFrame, model: str) -> Figure:
    """Draw the losses of a network by epoch, and where the training was stopped."""
    own = table[table["model"] == model]
    mean = own.groupby("epoch")[["train", "held_out"]].mean().reset_index()
    kept = own[own["kept"]]
    canvas = Canvas(WIDTH, 320, f"losses of {model}")
    last = max(float(own["epoch"].max()), 1.0)
    values = own[["train", "held_out"]].to_numpy()
    panel = make_panel((60, 40, 620, 220), (0, last), limits([values]))
    draw_axes(canvas, panel, "epoch", "loss")
    for column, colour in (("train", NEUTRAL), ("held_out", ACCENT)):
        for _, part in own.groupby("member"):
            points = zip(
                panel.x(part["epoch"]).tolist(),
                panel.y(part[column]).tolist(),
                strict=True,
            )
            canvas.polyline(points, stroke=colour, stroke_width=1.4)
    for row in kept.to_dict("records"):
        x, y = float(panel.x(row["epoch"])), float(panel.y(row["held_out"]))
        canvas.line(x, panel.top, x, panel.bottom, stroke=WARN, stroke_dasharray="3 3")
        canvas.circle(x, y, 4.5, fill=WARN, tip=f"kept: epoch {row['epoch'] + 1}")
    entries = [
        ("training rows", NEUTRAL),
        ("groups kept aside", ACCENT),
        ("weights that were kept", WARN),
    ]
    draw_legend(canvas, entries, 60, 20)
    name = f"losses_{_plain(model)}"
    return Figure(name, canvas.to_svg(), mean, title=f"Losses of {model}")


def draw_weights(table: pd.DataFrame, model: str, task: str) -> Figure:
    """Draw the largest weights of a closed-form model."""
    own = table[(table["model"] == model) & (table["task"] == task)].head(25)
    labels = [str(name) for name in own["feature"]]
    title = f"What {model} reads for {task}"
    axis = "weight per standard deviation"
    svg = _draw_bars(title, labels, own["weight"].tolist(), axis)
    name = f"weights_{_plain(model)}_{_plain(task)}"
    return Figure(name, svg, own, title=title)


def draw_marginals(table: pd.DataFrame) -> Figure:
    """Draw the largest effects of motifs: columns motif, label, effect."""
    own = table.head(25)
    named = own["motif"].astype(str) + " " + own["label"].fillna("").astype(str)
    title = "What one site adds"
    axis = "change of the prediction, units of the task"
    svg = _draw_bars(title, named.str.strip().tolist(), own["effect"].tolist(), axis)
    return Figure("marginals", svg, own, title=title)


def draw_spacing(table: pd.DataFrame, pair: tuple[str, str]) -> Figure:
    """Draw the interaction of two motifs over their distance, a line per strands."""
    own = table[(table["first"] == pair[0]) & (table["second"] == pair[1])]
    title = f"{pair[0]} and {pair[1]}"
    canvas = Canvas(WIDTH, 320, title)
    x, y = own["distance"].to_numpy(float), own["interaction"].to_numpy(float)
    top = max(float(x.max()), 1.0)
    every = table["interaction"].to_numpy(float)  # one scale for all pairs
    span = limits([every], include=[0.0])
    panel = make_panel((70, 60, 620, 200), (0, top), span)
    draw_axes(canvas, panel, "bp between them", "interaction, units of the task")
    zero = float(panel.y(0.0))
    canvas.line(panel.left, zero, panel.right, zero, stroke=NEUTRAL)
    entries = []
    for number, (strands, _) in enumerate(own.groupby("strands", sort=False)):
        here = (own["strands"] == strands).to_numpy()
        points = zip(panel.x(x[here]).tolist(), panel.y(y[here]).tolist(), strict=True)
        canvas.polyline(points, stroke=category(number), stroke_width=1.6)
        entries.append((f"strands {strands}", category(number)))
    draw_legend(canvas, entries, 70, 20)
    return Figure(plain_name("spacing", *pair), canvas.to_svg(), own, title=title)


def _draw_bars(title: str, labels: list[str], values: list[float], axis: str) -> str:
    """Return bars from zero, one a row."""
    span = limits([np.array(values)], include=[0.0])
    drawn = draw_rows(title, labels, span, axis, (label_room(labels, 300), 30, 8), 20)
    canvas, panel = drawn.canvas, drawn.panel
    zero = float(panel.x(0.0))
    canvas.line(zero, panel.top, zero, panel.bottom, stroke=NEUTRAL)
    for label, value, y in zip(labels, values, drawn, strict=True):
        end = float(panel.x(value))
        colour = ACCENT if value > 0 else WARN
        tip = f"{label}: {fixed(value, 3)}"
        canvas.rect(min(zero, end), y - 6, abs(end - zero), 12, tip, fill=colour)
    return canvas.to_svg()


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text)


def plain_name(*parts: str) -> str:
    """Return words as the stem of a figure's file.

    Examples
    --------
    >>> plain_name("fit", "a b")
    'fit_a_b'
    """
    return "_".join(_plain(part) for part in parts)


def finite(values: pd.Series) -> bool:
    """Return whether a column holds a number."""
    return bool(np.isfinite(values.to_numpy(float)).any())
