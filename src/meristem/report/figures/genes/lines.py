"""Why single lines are predicted where they are."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, number, significant
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, RULE, SOFT, WARN
from meristem.pages.scale import Scale
from meristem.pages.svg import Canvas, text_width
from meristem.report.view import Target, View

WIDTH = 840
ROW = 21
LINES = 6
NODES = 5
HEAD = 44
GAP = 40


def line_rows(view: View, target: Target) -> pd.DataFrame:
    """Return the strongest contributions to the best lines."""
    rows = view.of(view.artefacts.line_explanations, target)
    rows = rows[np.isfinite(rows["contribution"])]
    ranked = rows.sort_values(["line_rank", "rank"], kind="stable")
    kept = ranked[ranked["line_rank"] <= LINES]
    return kept.groupby("sample_id", sort=False).head(NODES)


def draw_lines(view: View, target: Target, name: str) -> Figure | None:
    """Return a panel of contributions for each of the best lines; None without."""
    rows = line_rows(view, target)
    if rows.empty:
        return None
    panels = list(rows.groupby("sample_id", sort=False))
    labels = [view.node_name(str(node)) for node in rows["node"]]
    cell = (WIDTH - GAP) / 2
    side = min(max(text_width(label, 11.5) for label in labels) + 10, 0.42 * cell)
    pitch = HEAD + ROW * NODES + 12
    depth = math.ceil(len(panels) / 2)
    canvas = Canvas(WIDTH, pitch * depth, f"Best lines, {target.name}")
    most = float(rows["contribution"].abs().max()) or 1.0
    for position, (sample, contributions) in enumerate(panels):
        line, column = divmod(position, 2)
        corner = (column * (cell + GAP), line * pitch)
        scale = Scale(-most, most, corner[0] + side + 42, corner[0] + cell - 42)
        _draw_panel(
            canvas, view, str(sample), contributions, (corner, side, cell), scale
        )
    return Figure(name, canvas.to_svg(), rows, CAPTION)


def _draw_panel(
    canvas: Canvas,
    view: View,
    sample: str,
    contributions: pd.DataFrame,
    place: tuple[tuple[float, float], float, float],
    scale: Scale,
) -> None:
    (left, top), side, cell = place
    first = contributions.iloc[0]
    title = f"{int(first['line_rank'])}. {sample}"
    canvas.text(left, top + 16, title, 13, cell - 130, font_weight=600)
    if "predicted" in contributions and math.isfinite(float(first["predicted"])):
        words = f"predicted {number(float(first['predicted']))}"
        canvas.text(left + cell, top + 16, words, 12, anchor="end", fill=SOFT)
    canvas.line(left, top + 26, left + cell, top + 26, stroke=RULE)
    zero = float(scale(0.0))
    for row, record in enumerate(contributions.to_dict("records")):
        y = top + HEAD + ROW * row
        value = float(record["contribution"])
        end = float(scale(value))
        colour = ACCENT if value >= 0 else WARN
        label = view.node_name(str(record["node"]))
        tip = label
        if "latent_sd" in record:
            tip += f": {fixed(float(record['latent_sd']))} sd from the average line"
        canvas.text(left, y + 4, label, 11.5, side - 8, fill=INK)
        canvas.rect(min(zero, end), y - 6, abs(end - zero), 12, tip, fill=colour)
        anchor, shift = ("start", 4) if value >= 0 else ("end", -4)
        text = significant(value)
        canvas.text(end + shift, y + 4, text, 11, anchor=anchor, fill=SOFT)
    bottom = top + HEAD + ROW * (len(contributions) - 1) + 9
    canvas.line(zero, top + 32, zero, bottom, stroke=NEUTRAL)


CAPTION = (
    "What each node moves the prediction of a line by, against the same line with "
    "that node at its average ([[contribution]]), in units of the trait: green raises "
    "it, brown lowers it. Nodes on one path carry the same contribution: do not add "
    "them up."
)
