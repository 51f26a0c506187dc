"""Figures of the page of a representation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, SOFT, category
from meristem.pages.panel import draw_axes, draw_legend, make_panel
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas

ROWS = 25
"""Factors drawn."""


def draw_factors(
    table: pd.DataFrame,  # sample_id, then the factors
    name: str,
    label: np.ndarray | None = None,  # (n_sample,)
    what: str = "",
) -> Figure:
    """Draw the samples on the first two factors, coloured by a label."""
    first, second = table.columns[1:3]
    seen = table[[first, second]].notna().all(axis=1).to_numpy()
    x, y = table[first].to_numpy()[seen], table[second].to_numpy()[seen]
    canvas = Canvas(WIDTH, 470, "samples on the first two factors")
    panel = make_panel((60, 60, 560, 340), limits([x]), limits([y]))
    draw_axes(canvas, panel, str(first), str(second), grid=True)
    drawn = table.loc[seen, ["sample_id", first, second]]
    if label is None:
        canvas.dots(panel.x(x), panel.y(y), 3, ACCENT, 0.7)
        return Figure(f"{name}-samples", canvas.to_svg(), drawn)
    own = label[seen]
    names = [n for n in pd.unique(own) if n != ""][:8]
    entries = [(str(n), category(i)) for i, n in enumerate(names)]
    draw_legend(canvas, entries, 60, 20)
    rest = ~np.isin(own, names)
    canvas.dots(panel.x(x[rest]), panel.y(y[rest]), 3, NEUTRAL, 0.5)
    for i, one in enumerate(names):
        rows = own == one
        canvas.dots(panel.x(x[rows]), panel.y(y[rows]), 3, category(i), 0.75)
    return Figure(
        f"{name}-samples",
        canvas.to_svg(),
        drawn.assign(**{what: own}),
        caption=f"Colours: {what}.",
    )


def draw_about(table: pd.DataFrame, name: str) -> Figure:
    """Draw what every factor explains, and how firm it is."""
    shown = table.sort_values("explained", ascending=False, kind="stable").head(ROWS)
    labels = shown["label" if "label" in shown else "factor"].astype(str).tolist()
    top = float(shown["explained"].max())
    room = label_room(labels, 260)
    rows = draw_rows(
        "variance explained by each factor",
        labels,
        (0.0, max(top * 1.05, 1e-6)),
        "share of the variance (linear effects of confounders off), the factor alone",
        (room, 110, 22),
        22,
    )
    canvas, panel = rows.canvas, rows.panel
    canvas.text(panel.right + 12, 14, "found again, |r|", 11, 98, fill=SOFT)
    for record, y in zip(shown.to_dict("records"), rows, strict=True):
        width = float(panel.x(record["explained"])) - panel.left
        canvas.rect(panel.left, y - 6, max(width, 1), 12, fill=ACCENT)
        firm = record["stability"]
        text = fixed(firm) if np.isfinite(firm) else "–"
        canvas.text(panel.right + 12, y + 4, text, 12, fill=SOFT)
    return Figure(
        f"{name}-factors",
        canvas.to_svg(),
        shown,
        caption="Found again: correlation with the nearest factor of another seed, or "
        "of random halves of the samples. Factors that are not found again are "
        "directions of a space, not things.",
    )
