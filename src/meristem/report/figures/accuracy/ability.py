"""Predictive ability per fold, and the difference to the reference beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, FAINT, INK, NEUTRAL, RULE, SOFT, WARN
from meristem.pages.panel import Panel, draw_x_axis, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas, text_width
from meristem.report.metric_names import label_of
from meristem.report.view import BETTER, WORSE, Target, Verdict, View

WIDTH = 840
ROW = 34
LINES_UP_TO = 25  # folds; beyond this the lines between models hide the points


def ability_color(verdict: str) -> str:
    """Return the colour of a verdict."""
    return {BETTER: ACCENT, WORSE: WARN}.get(verdict, NEUTRAL)


def fold_values(view: View, target: Target, metric: str) -> pd.DataFrame:
    """Return one metric of one target, one row per fold, one column per model."""
    scores = view.of(view.artefacts.scores, target)
    keep = (scores["metric"] == metric) & (scores["group"] == "")
    keep &= scores["fold"] != "all"
    compared = scores[keep & scores["model"].isin(view.contenders)]
    keys = [k for k in ("split", "replicate", "fold") if k in compared.columns]
    wide = compared.pivot_table(index=keys, columns="model", values="value", sort=True)
    best_first = wide.mean().sort_values(ascending=lower_is_better(metric)).index
    names = [str(label) for label in best_first]
    last = [label for label in names if not view.model(label).deployable]
    return wide[[label for label in names if label not in last] + last]


def lower_is_better(metric: str) -> bool:
    """Return whether small values of a metric are good."""
    return metric in ("mse", "relative_mse")


def draw_ability(view: View, target: Target, name: str) -> Figure | None:
    """Return dots per fold, box and mean of every model; None without scores.

    Parameters
    ----------
    view
        The run.
    target
        Trait and environment.
    name
        Stem of the figure's files.
    """
    metric = view.metric
    wide = fold_values(view, target, metric)
    if wide.empty:
        return None
    names = [str(label) for label in wide.columns]
    verdicts = [view.verdict(label, target) for label in names]
    room = max(text_width(_title(view, label), 13) for label in names)
    left = min(max(room, 60), 200) + 14
    forest = any(
        item is not None and math.isfinite(item.difference) for item in verdicts
    )
    bottom = 46 + ROW * len(names)
    canvas = Canvas(WIDTH, bottom + 46, f"{label_of(metric)} per fold, {target.name}")
    split = WIDTH - 300 if forest else WIDTH - 70
    box = (left, 46.0, split - left - 64, ROW * len(names))
    panel = make_panel(box, limits([wide.to_numpy()], 0.04), (0, 1))
    _draw_header(canvas, panel, label_of(metric))
    _draw_reference(canvas, panel, wide, view.reference)
    _draw_folds(canvas, panel, wide)
    for row, label in enumerate(names):
        _draw_row(canvas, panel, _middle(row), wide[label].dropna().to_numpy())
        _draw_name(canvas, view, label, _middle(row), left - 14)
        mean = float(wide[label].mean())
        canvas.text(
            panel.right + 14, _middle(row) + 4.5, fixed(mean), 13, font_weight=600
        )
    if forest:
        _draw_forest(canvas, verdicts, (split + 10.0, 46.0, 270.0, ROW * len(names)))
    return Figure(
        name, canvas.to_svg(), _table(wide, view, target), _caption(wide, forest)
    )


def _middle(row: int) -> float:
    return 46 + ROW * (row + 0.5)


def _title(view: View, label: str) -> str:
    model = view.model(label)
    return label if model.deployable else f"{label} *"


def _draw_name(canvas: Canvas, view: View, label: str, y: float, width: float) -> None:
    model = view.model(label)
    weight = 700 if model.is_reference else 500
    fill = INK if model.deployable else WARN
    if model.deployable:
        canvas.text(0, y + 4.5, label, 13, width, font_weight=weight, fill=fill)
    else:
        canvas.text(0, y - 1, label, 13, width, font_weight=weight, fill=fill)
        canvas.text(0, y + 12, "not deployable", 10.5, width, fill=fill)


def _draw_header(canvas: Canvas, panel: Panel, label: str) -> None:
    canvas.text(panel.left, 16, f"{label}, one dot per fold", 12, fill=SOFT)
    canvas.text(panel.right + 14, 16, "mean", 12, fill=SOFT)
    draw_x_axis(canvas, panel, grid=True)


def _draw_reference(
    canvas: Canvas, panel: Panel, wide: pd.DataFrame, reference: str
) -> None:
    if reference not in wide.columns:
        return
    place = float(panel.x(wide[reference].mean()))
    canvas.line(
        place, panel.top - 8, place, panel.bottom, stroke=INK, stroke_dasharray="2 3"
    )
    canvas.text(place, panel.top - 13, reference, 11, 160, anchor="middle", fill=INK)


def _draw_folds(canvas: Canvas, panel: Panel, wide: pd.DataFrame) -> None:
    if len(wide) > LINES_UP_TO:
        return
    for values in wide.to_numpy():
        points = [
            (float(panel.x(value)), _middle(row))
            for row, value in enumerate(values)
            if math.isfinite(value)
        ]
        canvas.polyline(points, stroke=FAINT, stroke_width=0.8, stroke_opacity=0.35)


def _draw_row(canvas: Canvas, panel: Panel, y: float, values: np.ndarray) -> None:
    if values.size == 0:
        return
    low, high = (float(panel.x(q)) for q in np.quantile(values, [0.25, 0.75]))
    paint: dict[str, Any] = {"fill": "#e3ebe6", "stroke": "#b9c6bf", "rx": 3}
    canvas.rect(low, y - 9, high - low, 18, **paint)
    opacity = 0.75 if values.size <= 40 else 0.35
    canvas.dots(panel.x(values), np.full(values.size, y), 2.6, NEUTRAL, opacity)
    mean = float(panel.x(values.mean()))
    canvas.line(mean, y - 10, mean, y + 10, stroke=INK, stroke_width=2.4)


def _draw_forest(
    canvas: Canvas,
    verdicts: list[Verdict | None],
    box: tuple[float, float, float, float],
) -> None:
    ends = [[v.difference, v.low, v.high] for v in verdicts if v is not None]
    panel = make_panel(box, limits([ends], 0.06, include=[0.0]), (0, 1))
    reference = next(v.reference for v in verdicts if v is not None)
    canvas.text(
        panel.left, 16, f"difference to {reference}", 12, panel.width, fill=SOFT
    )
    draw_x_axis(canvas, panel, grid=True)
    zero = float(panel.x(0.0))
    canvas.line(
        zero, panel.top - 8, zero, panel.bottom, stroke=INK, stroke_dasharray="2 3"
    )
    for row, verdict in enumerate(verdicts):
        y = _middle(row)
        if verdict is None or not math.isfinite(verdict.difference):
            canvas.line(zero - 4, y, zero + 4, y, stroke=RULE)
            continue
        colour = ability_color(verdict.verdict)
        tip = f"{verdict.model}: {verdict.line or verdict.verdict}"
        if math.isfinite(verdict.low) and math.isfinite(verdict.high):
            ends_px = [float(place) for place in panel.x([verdict.low, verdict.high])]
            canvas.line(ends_px[0], y, ends_px[1], y, stroke=colour, stroke_width=2.4)
        filled = colour if verdict.verdict in (BETTER, WORSE) else "#ffffff"
        canvas.circle(
            float(panel.x(verdict.difference)),
            y,
            5,
            tip,
            fill=filled,
            stroke=colour,
            stroke_width=2,
        )


def _caption(wide: pd.DataFrame, forest: bool) -> str:
    text = (
        f"Left: one dot per [[fold]] ({len(wide)} in all), box from the lower to the "
        "upper quartile, dark bar at the mean"
    )
    if len(wide) <= LINES_UP_TO:
        text += "; thin lines join the same fold across models"
    text += "."
    if forest:
        text += (
            " Right: mean difference on the same folds with its 95 % [[interval]]; "
            "filled where it excludes zero."
        )
    return text


def _table(wide: pd.DataFrame, view: View, target: Target) -> pd.DataFrame:
    long = wide.reset_index().melt(
        id_vars=list(wide.index.names), var_name="model", value_name=view.metric
    )
    return long.assign(trait=target.trait, environment=target.environment)
