"""Latents of lines the model had not seen, against what was measured."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, NULL, SOFT
from meristem.pages.panel import (
    draw_axes,
    draw_regression,
    draw_x_axis,
    draw_y_axis,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale, limits, thin
from meristem.pages.svg import Canvas
from meristem.report.view import View

WIDTH = 840
HEIGHT = 170
SHOWN = 12
POINTS = 1000
BINS = 40


def draw_latents(
    view: View, oriented: pd.DataFrame, table: pd.DataFrame, name: str
) -> Figure | None:
    """Return one panel per measured node, best agreement first; None without any.

    Parameters
    ----------
    view
        The run.
    oriented
        Rows of one model, from `latent_values.orient`.
    table
        Their agreement, from `latent_values.agreement`.
    name
        Stem of the figure's files.
    """
    best = table.head(SHOWN)
    if best.empty:
        return None
    lines = math.ceil(len(best) / 4)
    columns = math.ceil(len(best) / lines)  # rows as equal as can be
    pitch = HEIGHT + 84
    canvas = Canvas(WIDTH, lines * pitch + 22, "Latents and measurements")
    words = "latent, in sd (upwards) against measurement (to the right)"
    canvas.text(0, 14, words, fill=SOFT)
    cell = WIDTH / columns
    drawn = []
    for position, record in enumerate(best.to_dict("records")):
        line, column = divmod(position, columns)
        pairs = oriented[oriented["node"] == record["node"]]
        if "omics" in record:
            pairs = pairs[pairs["omics"] == record["omics"]]
        pairs = pairs[np.isfinite(pairs["oriented"])]
        shown = pairs.iloc[thin(len(pairs), POINTS)]
        corner = (column * cell, line * pitch + 62.0)
        record["label"] = view.node_name(str(record["node"]))
        record["several"] = "omics" in record and table["omics"].nunique() > 1
        _draw_panel(canvas, record, pairs, shown, corner, min(cell, 300.0))
        drawn.append(shown)
    return Figure(name, canvas.to_svg(), pd.concat(drawn), _caption(table))


def _draw_panel(
    canvas: Canvas,
    record: dict,
    pairs: pd.DataFrame,
    shown: pd.DataFrame,
    corner: tuple[float, float],
    cell: float,
) -> None:
    y_range = limits([pairs["oriented"]])
    left = tick_room(Scale(*y_range, HEIGHT, 0))
    box = (corner[0] + left, corner[1], cell - left - 22, float(HEIGHT))
    panel = make_panel(box, limits([pairs["measured"]]), y_range)
    label, top = str(record["label"]), panel.top
    canvas.text(panel.left, top - 25, label, 13, panel.width, font_weight=600, fill=INK)
    words = f"agreement {fixed(record['agreement'])}"
    if record["several"]:
        words += f" \u00b7 {record['omics']}"
    canvas.text(panel.left, top - 9, words, 11.5, panel.width, fill=SOFT)
    draw_axes(canvas, panel)
    canvas.dots(panel.x(shown["measured"]), panel.y(shown["oriented"]), 2, NEUTRAL, 0.5)
    measured, latent = pairs["measured"].to_numpy(), pairs["oriented"].to_numpy()
    draw_regression(canvas, panel, latent, measured)


def _caption(table: pd.DataFrame) -> str:
    text = (
        "Each dot is a line whose measurement the network had not seen. A latent has "
        "no scale or sign of its own: every fold is brought to sd 1 and turned "
        "upwards. [[agreement|Agreement]] is the mean over folds of |r|; by chance "
        "alone it is above 0."
    )
    if len(table) > SHOWN:
        text += f" {SHOWN} of {len(table):,} measured nodes are shown, the best first."
    return text


def draw_agreement(table: pd.DataFrame, name: str) -> Figure | None:
    """Return the histogram of agreement over all nodes; None when all are shown."""
    if len(table) <= SHOWN:
        return None
    edges = np.linspace(0, 1, BINS + 1)
    counts, _ = np.histogram(table["agreement"].clip(0, 1), edges)
    canvas = Canvas(WIDTH, 236, "Agreement of all measured nodes")
    left = tick_room(Scale(0, float(counts.max()), 150, 0))
    box = (left, 34.0, WIDTH - left - 12, 150.0)
    panel = make_panel(box, (0.0, 1.0), (0.0, float(counts.max()) * 1.05))
    draw_y_axis(canvas, panel, "nodes")
    draw_x_axis(canvas, panel, "agreement of latent and measurement")
    for low, high, number in zip(edges, edges[1:], counts, strict=False):
        x, end, y = float(panel.x(low)), float(panel.x(high)), float(panel.y(number))
        canvas.rect(x + 0.5, y, end - x - 1, panel.bottom - y, f"{number}", fill=NULL)
    median = float(table["agreement"].median())
    place = float(panel.x(median))
    canvas.line(place, panel.top, place, panel.bottom, stroke=ACCENT, stroke_width=2.2)
    words = f"median {fixed(median)}"
    side = "start" if median < 0.8 else "end"
    shift = 8 if median < 0.8 else -8
    canvas.text(place + shift, panel.top + 10, words, 12, anchor=side, halo=True)
    frame = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "nodes": counts})
    caption = f"All {len(table):,} measured nodes, the best and the worst alike."
    return Figure(name, canvas.to_svg(), frame, caption)
