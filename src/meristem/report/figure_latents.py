"""Latents of lines the model had not seen, against what was measured."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.report.figure_observed import regression
from meristem.report.numbers import fixed
from meristem.report.page import Figure
from meristem.report.palette import ACCENT, INK, NEUTRAL, SOFT
from meristem.report.panel import (
    draw_frame,
    draw_slope,
    draw_x_axis,
    draw_y_axis,
    make_panel,
    tick_room,
)
from meristem.report.scale import Scale, limits, thin
from meristem.report.svg import Canvas
from meristem.report.view import View

WIDTH = 840
HEIGHT = 170
SHOWN = 12
POINTS = 1000


def agreement(view: View) -> pd.DataFrame:
    """Return the correlation of latent and measurement of every measured node."""
    rows = view.artefacts.latents
    rows = rows[np.isfinite(rows["latent"]) & np.isfinite(rows["measured"])]
    keys = [key for key in ("node", "omics") if key in rows.columns]
    found = []
    for key, part in rows.groupby(keys, sort=True):
        measured, latent = part["measured"].to_numpy(), part["latent"].to_numpy()
        _, _, r = regression(latent, measured)
        found.append({**dict(zip(keys, key, strict=True)), "n": len(part), "r": r})
    frame = pd.DataFrame(found, columns=[*keys, "n", "r"]).astype({"r": float})
    return frame.sort_values(["r", "node"], ascending=[False, True], ignore_index=True)


def draw_latents(view: View) -> Figure | None:
    """Return one panel per measured node, best agreement first; None without any."""
    table = agreement(view)
    table = table[np.isfinite(table["r"])].head(SHOWN)
    if table.empty:
        return None
    rows = view.artefacts.latents
    lines = math.ceil(len(table) / 4)
    columns = math.ceil(len(table) / lines)  # rows as equal as can be
    pitch = HEIGHT + 84
    canvas = Canvas(WIDTH, lines * pitch + 22, "Latents and measurements")
    canvas.text(0, 14, "latent (upwards) against measurement (to the right)", fill=SOFT)
    cell = WIDTH / columns
    drawn = []
    for position, record in enumerate(table.to_dict("records")):
        line, column = divmod(position, columns)
        part = rows[rows["node"] == record["node"]]
        if "omics" in record:
            part = part[part["omics"] == record["omics"]]
        part = part[np.isfinite(part["latent"]) & np.isfinite(part["measured"])]
        shown = part.iloc[thin(len(part), POINTS)]
        corner = (column * cell, line * pitch + 62.0)
        record["label"] = view.node_name(str(record["node"]))
        _draw_panel(canvas, record, part, shown, corner, min(cell, 300.0))
        drawn.append(shown)
    return Figure("latents", canvas.to_svg(), pd.concat(drawn), _caption(view, table))


def _draw_panel(
    canvas: Canvas,
    record: dict,
    part: pd.DataFrame,
    shown: pd.DataFrame,
    corner: tuple[float, float],
    cell: float,
) -> None:
    y_range = limits([part["latent"]])
    left = tick_room(Scale(*y_range, HEIGHT, 0))
    box = (corner[0] + left, corner[1], cell - left - 22, float(HEIGHT))
    panel = make_panel(box, limits([part["measured"]]), y_range)
    canvas.text(
        panel.left,
        panel.top - 25,
        str(record["label"]),
        13,
        panel.width,
        font_weight=600,
        fill=INK,
    )
    words = f"r = {fixed(record['r'])}"
    if record.get("omics"):
        words += f" \u00b7 {record['omics']}"
    canvas.text(panel.left, panel.top - 9, words, 11.5, panel.width, fill=SOFT)
    draw_y_axis(canvas, panel)
    draw_x_axis(canvas, panel)
    draw_frame(canvas, panel)
    measured, latent = part["measured"].to_numpy(), part["latent"].to_numpy()
    canvas.dots(panel.x(shown["measured"]), panel.y(shown["latent"]), 2, NEUTRAL, 0.55)
    slope, intercept, _ = regression(latent, measured)
    if math.isfinite(slope):
        ends = (float(measured.min()), float(measured.max()))
        draw_slope(
            canvas, panel, slope, intercept, ends, stroke=ACCENT, stroke_width=2.2
        )


def _caption(view: View, table: pd.DataFrame) -> str:
    total = view.artefacts.latents["node"].nunique()
    text = (
        "Each dot is a line whose measurement the network had not seen. A straight "
        "band means that the [[latent]] tracks the quantity it is named after "
        "([[agreement]])."
    )
    if total > len(table):
        text += f" {len(table)} of {total:,} measured nodes are shown, the best first."
    return text
