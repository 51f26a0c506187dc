"""Observed against predicted values, one panel per model."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import FAINT, INK, NEUTRAL, SOFT, WARN
from meristem.pages.panel import (
    Panel,
    draw_axes,
    draw_regression,
    draw_slope,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale, limits, thin
from meristem.pages.svg import Canvas
from meristem.report.view import Target, View
from meristem.stats.metrics import pearson
from meristem.stats.metrics import slope as regression_slope

WIDTH = 840
HEIGHT = 210
POINTS = 2000  # per panel
BUDGET = 24_000  # per figure
PAGE = 120_000  # all figures of a page together


def draw_observed(view: View, target: Target, name: str) -> Figure | None:
    """Return observed against predicted of held-out lines; None without predictions."""
    rows = view.of(view.artefacts.predictions, target)
    rows = rows[rows["model"].isin(view.contenders)]
    rows = rows[np.isfinite(rows["observed"]) & np.isfinite(rows["predicted"])]
    if rows.empty:
        return None
    present = set(rows["model"].unique())
    labels = [label for label in view.contenders if label in present]
    columns = min(3, len(labels))
    y_range = limits([rows["observed"]])
    probe = Scale(*y_range, HEIGHT, 0)
    left = tick_room(probe)
    gap = 26
    width = (WIDTH - left * columns - gap * (columns - 1)) / columns
    width = min(width, 400.0)
    lines = math.ceil(len(labels) / columns)
    pitch = HEIGHT + 92
    canvas = Canvas(
        WIDTH, lines * pitch + 24, f"Observed against predicted, {target.name}"
    )
    canvas.text(0, 14, "observed (upwards) against predicted (to the right)", fill=SOFT)
    budget = min(BUDGET, PAGE // len(view.targets))
    most = min(POINTS, max(100, budget // len(labels)))
    x_range = limits([rows["predicted"]])
    drawn = []
    for position, label in enumerate(labels):
        line, column = divmod(position, columns)
        box = (
            left + column * (left + width + gap),
            line * pitch + 66.0,
            width,
            float(HEIGHT),
        )
        panel = make_panel(box, x_range, y_range)
        of_model = rows[rows["model"] == label]
        shown = of_model.iloc[thin(len(of_model), most)]
        _draw_panel(canvas, panel, view, label, of_model, shown)
        drawn.append(shown)
    table = pd.concat(drawn)
    keep = ["sample_id", "trait", "environment", "replicate", "fold", "model"]
    keep = [column for column in keep if column in table.columns]
    return Figure(
        name,
        canvas.to_svg(),
        table[[*keep, "observed", "predicted"]],
        _caption(len(rows), len(table)),
    )


def _draw_panel(
    canvas: Canvas,
    panel: Panel,
    view: View,
    label: str,
    of_model: pd.DataFrame,
    shown: pd.DataFrame,
) -> None:
    deployable = view.model(label).deployable
    canvas.text(
        panel.left,
        panel.top - 26,
        label,
        13,
        panel.width,
        font_weight=600,
        fill=INK if deployable else WARN,
    )
    observed, predicted = (
        of_model["observed"].to_numpy(),
        of_model["predicted"].to_numpy(),
    )
    r, slope = pearson(observed, predicted), regression_slope(observed, predicted)
    words = f"r = {fixed(r)} \u00b7 slope = {fixed(slope)}"
    if not deployable:
        words += " \u00b7 not deployable"
    canvas.text(panel.left, panel.top - 9, words, 11.5, panel.width, fill=SOFT)
    draw_axes(canvas, panel)
    opacity = 0.55 if len(shown) <= 400 else 0.38
    canvas.dots(
        panel.x(shown["predicted"]), panel.y(shown["observed"]), 2, NEUTRAL, opacity
    )
    draw_slope(canvas, panel, 1.0, 0.0, stroke=FAINT, stroke_dasharray="3 3")
    draw_regression(canvas, panel, observed, predicted)


def _caption(n: int, drawn: int) -> str:
    text = (
        "Every dot is a line the model had not seen, all folds together. Green: "
        "regression of observed on predicted (its [[slope]]); dashed: slope 1. "
        "r here is over all folds at once and can differ from the mean per fold."
    )
    if drawn < n:
        text += f" {drawn:,} of {n:,} predictions are drawn."
    return text
