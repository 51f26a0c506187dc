"""Learning curves: predictive ability against training lines, and against markers."""

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
from meristem.report.view import Target, View

WIDTH = 840
HEIGHT = 300

LINES, MARKERS = ":n=", ":p="
"""What precedes the number in the name of a split."""


def curve(view: View, target: Target, mark: str = LINES) -> pd.DataFrame:
    """Return mean, sd and number of folds per model and number of lines or markers."""
    scores = view.artefacts.scores
    keep = scores["split"].str.contains(mark, regex=False)
    keep &= (scores["trait"] == target.trait) & (scores["metric"] == view.metric)
    keep &= (scores["environment"] == target.environment) & (scores["group"] == "")
    compared = scores[keep & (scores["fold"] != "all")]
    compared = compared[compared["model"].isin(view.contenders)]
    size = compared["split"].str.rsplit(mark, n=1).str[-1]
    column = _COLUMN[mark]
    compared = compared.assign(**{column: pd.to_numeric(size, errors="coerce")})
    grouped = compared.dropna(subset=[column]).groupby(["model", column])["value"]
    return grouped.agg(["mean", "std", "size"]).reset_index()


def draw_learning(view: View, target: Target, name: str) -> Figure | None:
    """Return the learning curve of every model; None without subsamples."""
    return _draw(view, target, name, LINES)


def draw_density(view: View, target: Target, name: str) -> Figure | None:
    """Return ability against the number of markers; None where that was not asked."""
    return _draw(view, target, name, MARKERS)


def _draw(view: View, target: Target, name: str, mark: str) -> Figure | None:
    table, column = curve(view, target, mark), _COLUMN[mark]
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
    panel = make_panel(box, limits([table[column]], include=[0.0]), y_range)
    draw_axes(canvas, panel, _AXIS[mark], f"mean {label_of(view.metric)}")
    for label, colour in legend:
        of_model = table[table["model"] == label].sort_values(column)
        half = (of_model["std"].fillna(0) / np.sqrt(of_model["size"])).to_numpy()
        xs, mean = panel.x(of_model[column]), of_model["mean"].to_numpy()
        points = list(zip(xs.tolist(), panel.y(mean).tolist(), strict=True))
        canvas.polyline(points, stroke=colour, stroke_width=2)
        for (x, y), low, high in zip(
            points, panel.y(mean - half), panel.y(mean + half), strict=True
        ):
            canvas.line(x, float(low), x, float(high), stroke=colour, stroke_width=1.2)
            canvas.circle(x, y, 3.6, label, fill=colour)
    return Figure(name, canvas.to_svg(), table, CAPTION[mark])


_COLUMN = {LINES: "n_train", MARKERS: "n_marker"}
_AXIS = {LINES: "training lines", MARKERS: "markers"}

CAPTION = {
    LINES: "Models fitted on fewer of the training lines and tested on the same lines. "
    "Mean over folds, bars: one standard error. A curve that still rises at its end "
    "promises gain from more phenotyped lines.",
    MARKERS: "Models fitted on fewer of the markers, drawn at random, and tested on "
    "the same lines. Mean over folds, bars: one standard error. A curve that is flat "
    "at its end says that a cheaper array would do.",
}
