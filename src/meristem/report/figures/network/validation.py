"""Agreement of latents against their sensitivity, network by network."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, SOFT
from meristem.pages.panel import Panel, draw_axes
from meristem.pages.panel import make_panel as panel_in
from meristem.pages.scale import thin
from meristem.pages.svg import Canvas
from meristem.report.view import Target, View
from meristem.stats.metrics import spearman

WIDTH = 840
HEIGHT = 150
COLUMNS = 3
MOST_MODELS = 6
FEW = 3
"""Fewer measured nodes make no curve."""
CLASSES = 5
RANKED = ("sensitivity", "agreement")
POINTS = 800
SUPERVISION = {
    "none": "never trained on them",
    "shuffled": "trained on those of other lines",
}


def validated(view: View, target: Target) -> list[tuple[str, pd.DataFrame]]:
    """Return the networks with enough measured nodes, unsupervised ones first."""
    table = view.of(view.artefacts.latent_validation, target)
    table = table[np.isfinite(table["agreement"]) & np.isfinite(table["sensitivity"])]
    by_model = [(str(m), rows) for m, rows in table.groupby("model", sort=False)]
    return [(m, rows) for m, rows in by_model if len(rows) >= FEW][:MOST_MODELS]


def draw_validation(view: View, target: Target, name: str) -> Figure | None:
    """Return a panel per network, its permutation null as a dashed line."""
    networks = validated(view, target)
    if not networks:
        return None
    columns = min(COLUMNS, len(networks))
    lines = math.ceil(len(networks) / columns)
    pitch, cell = HEIGHT + 112, WIDTH / columns
    canvas = Canvas(WIDTH, lines * pitch, f"Latent validation, {target.name}")
    drawn = []
    for position, (model, rows) in enumerate(networks):
        line, column = divmod(position, columns)
        corner = (column * cell, line * pitch)
        width = min(cell - 66, 330.0)
        canvas.text(corner[0] + 34, corner[1] + 14, model, 13, width, font_weight=600)
        for step, words in enumerate(_heading(rows)):
            y = corner[1] + 30 + 14 * step
            canvas.text(corner[0] + 34, y, words, 11, width, fill=SOFT)
        box = (corner[0] + 34, corner[1] + 58.0, width, float(HEIGHT))
        top = float(rows["sensitivity"].max())
        _draw(canvas, panel_in(box, (0.0, top or 1.0), (0.0, 1.0)), rows)
        classes = in_classes(rows)
        drawn += [rows.assign(what="node"), classes.assign(what="class", model=model)]
    table = pd.concat(drawn, ignore_index=True)
    return Figure(name, canvas.to_svg(), table, CAPTION, "Latent validation")


def in_classes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean sensitivity and agreement in classes of equal size."""
    n = min(CLASSES, len(rows))
    order = rows["sensitivity"].rank(method="first").to_numpy()
    place = np.ceil(order * n / len(rows)).astype(int)
    return rows.groupby(place)[["sensitivity", "agreement"]].mean()


def rank_correlation(rows: pd.DataFrame) -> float:
    """Return Spearman's correlation of sensitivity and agreement."""
    sensitivity, agreement = (rows[name].to_numpy(float) for name in RANKED)
    return spearman(sensitivity, agreement) if np.ptp(agreement) > 0 else math.nan


def _heading(rows: pd.DataFrame) -> list[str]:
    how = str(rows["supervision"].iloc[0]) if "supervision" in rows else ""
    supervision = SUPERVISION.get(how, "trained on them" if how else "")
    r = f"rank correlation {fixed(rank_correlation(rows))}"
    return [supervision, r] if supervision else [r]


def _draw(canvas: Canvas, panel: Panel, rows: pd.DataFrame) -> None:
    draw_axes(canvas, panel, "sensitivity")
    if "null_mean" in rows and np.isfinite(rows["null_mean"]).any():
        y = float(panel.y(float(rows["null_mean"].mean())))
        right = panel.left + panel.width
        canvas.line(panel.left, y, right, y, stroke=INK, stroke_dasharray="4 4")
    shown = rows.iloc[thin(len(rows), POINTS)]
    few = len(rows) <= 12
    x, y_all = panel.x(shown["sensitivity"]), panel.y(shown["agreement"])
    canvas.dots(x, y_all, 3.6 if few else 2, NEUTRAL, 0.9 if few else 0.45)
    if few:
        return
    classes = in_classes(rows)
    px, py = panel.x(classes["sensitivity"]), panel.y(classes["agreement"])
    points = [(float(a), float(b)) for a, b in zip(px, py, strict=True)]
    canvas.polyline(points, stroke=ACCENT, stroke_width=2.2)
    for a, b in points:
        canvas.circle(a, b, 3.8, fill=ACCENT)


CAPTION = (
    "Upwards: how well a node's [[latent]] tracks its measurement on lines left out "
    "([[agreement]]); to the right: how far the predicted trait moves with it there. "
    "Each dot is a measured node, green are means of classes of equal size, dashed is "
    "the agreement of permuted measurements ([[null]]). If nodes that matter track "
    "what they are named after, the cloud rises to the right."
)
