"""Whether the nodes that matter track what they are named after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, SOFT
from meristem.pages.panel import (
    draw_axes,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas, text_width
from meristem.report.view import Target, View

WIDTH = 840
HEIGHT = 230
NAMED = 12
"""Up to so many nodes are named in the drawing."""

FEW = 3
"""Fewer measured nodes make no curve."""


def draw_tracking(view: View, target: Target, name: str) -> Figure | None:
    """Return agreement against sensitivity, node by node and in classes."""
    classes = view.of(view.artefacts.agreement_by_sensitivity, target)
    nodes = view.of(view.artefacts.nodes, target)
    if "agreement" not in nodes or classes.empty:
        return None
    nodes = nodes[np.isfinite(nodes["agreement"]) & np.isfinite(nodes["sensitivity"])]
    if len(nodes) < FEW:
        return None
    canvas = Canvas(WIDTH, HEIGHT + 92, f"Agreement by sensitivity, {target.name}")
    y_range = limits([nodes["agreement"]], 0.06, include=[0.0, 1.0])
    left = tick_room(Scale(*y_range, HEIGHT, 0))
    box = (left, 38.0, WIDTH - left - 20, float(HEIGHT))
    panel = make_panel(box, limits([nodes["sensitivity"]], 0.05, [0.0]), y_range)
    draw_axes(canvas, panel, "sensitivity", "agreement of latent and measurement")
    x, y = panel.x(nodes["sensitivity"]), panel.y(nodes["agreement"])
    many = len(nodes) > NAMED
    canvas.dots(x, y, 2 if many else 4, NEUTRAL, 0.45 if many else 0.9)
    if many:
        px, py = panel.x(classes["sensitivity"]), panel.y(classes["agreement"])
        points = [(float(a), float(b)) for a, b in zip(px, py, strict=True)]
        canvas.polyline(points, stroke=ACCENT, stroke_width=2.2)
        for a, b in points:
            canvas.circle(a, b, 4.2, fill=ACCENT)
    else:
        _name(canvas, view, nodes, x, y)
    return Figure(
        name, canvas.to_svg(), _table(nodes, classes), _caption(classes, many)
    )


def _name(
    canvas: Canvas, view: View, nodes: pd.DataFrame, x: np.ndarray, y: np.ndarray
) -> None:
    """Write the names of the nodes, left out where they would meet another."""
    taken: list[tuple[float, float, float]] = []
    for node, a, b in zip(nodes["node"], x.tolist(), y.tolist(), strict=True):
        label = view.node_name(str(node))
        width = text_width(label, 11)
        start = a + 8 if a + 8 + width < WIDTH else a - 8 - width
        meets = any(
            start < right and start + width > left and abs(b - other) < 13
            for left, right, other in taken
        )
        if meets:
            continue
        taken.append((start, start + width, b))
        canvas.text(start, b + 4, label, 11, fill=INK if not taken else SOFT, halo=True)


def _table(nodes: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    single = nodes[["node", "sensitivity", "agreement"]].assign(what="node", n=1)
    means = classes[["sensitivity", "agreement", "n"]].assign(what="class", node="")
    return pd.concat([single, means], ignore_index=True)


def _caption(classes: pd.DataFrame, many: bool) -> str:
    r = fixed(float(classes["rank_r"].iloc[0]))
    text = (
        "Each dot is a measured node: how far the trait moves with it, and how well "
        "its [[latent]] tracks the measurement on lines left out ([[agreement]]). "
    )
    if many:
        text += "Green: means of classes of equal size. "
    return text + f"Rank correlation of the two: {r}."
