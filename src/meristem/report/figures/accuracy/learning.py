"""Learning curves: predictive ability against the number of training lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.page import Figure
from meristem.pages.palette import INK, category
from meristem.pages.panel import (
    draw_axes,
    draw_legend,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.report.metric_names import label_of
from meristem.report.view import SUBSAMPLE, Target, View

WIDTH = 840
HEIGHT = 300


def curve(view: View, target: Target) -> pd.DataFrame:
    """Return mean, sd and number of folds per model and training size."""
    scores = view.artefacts.scores
    keep = scores["split"].str.contains(SUBSAMPLE, regex=False)
    keep &= (scores["trait"] == target.trait) & (scores["metric"] == view.metric)
    keep &= (scores["environment"] == target.environment) & (scores["group"] == "")
    compared = scores[keep & (scores["fold"] != "all")]
    compared = compared[compared["model"].isin(view.contenders)]
    size = compared["split"].str.rsplit(SUBSAMPLE, n=1).str[-1]
    compared = compared.assign(n_train=pd.to_numeric(size, errors="coerce"))
    grouped = compared.dropna(subset=["n_train"]).groupby(["model", "n_train"])["value"]
    return grouped.agg(["mean", "std", "size"]).reset_index()


def draw_learning(view: View, target: Target, name: str) -> Figure | None:
    """Return the learning curve of every model; None without subsamples."""
    table = curve(view, target)
    if table.empty:
        return None
    labels = [label for label in view.contenders if label in set(table["model"])]
    legend = [
        (label, INK if label == view.reference else category(position))
        for position, label in enumerate(labels)
    ]
    used = draw_legend(Canvas(WIDTH, 0, ""), legend, 0, 16)
    top = used + 36
    canvas = Canvas(WIDTH, top + HEIGHT + 48, f"Learning curve, {target.name}")
    draw_legend(canvas, legend, 0, 16)
    error = table["std"].fillna(0) / np.sqrt(table["size"])
    y_range = limits([table["mean"] - error, table["mean"] + error])
    left = tick_room(Scale(*y_range, HEIGHT, 0))
    box = (left, top, WIDTH - left - 20, float(HEIGHT))
    panel = make_panel(box, limits([table["n_train"]], include=[0.0]), y_range)
    draw_axes(canvas, panel, "training lines", f"mean {label_of(view.metric)}")
    for label, colour in legend:
        of_model = table[table["model"] == label].sort_values("n_train")
        half = (of_model["std"].fillna(0) / np.sqrt(of_model["size"])).to_numpy()
        xs, mean = panel.x(of_model["n_train"]), of_model["mean"].to_numpy()
        points = list(zip(xs.tolist(), panel.y(mean).tolist(), strict=True))
        canvas.polyline(points, stroke=colour, stroke_width=2)
        for (x, y), low, high in zip(
            points, panel.y(mean - half), panel.y(mean + half), strict=True
        ):
            canvas.line(x, float(low), x, float(high), stroke=colour, stroke_width=1.2)
            canvas.circle(x, y, 3.6, label, fill=colour)
    return Figure(name, canvas.to_svg(), table, CAPTION)


CAPTION = (
    "Models fitted on fewer of the training lines and tested on the same lines. Mean "
    "over folds, bars: one standard error. A curve that still rises at its right end "
    "promises gain from more phenotyped lines."
)
