"""A promoter drawn with its variants: where each lies, and what it does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, percent
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NEUTRAL, RULE, SOFT
from meristem.pages.panel import draw_axes, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas

_NAMED = 4  # variants whose names are written
_LARGEST = 9.0  # px


def draw_promoter(
    table: pd.DataFrame, window: tuple[int, int], unit: str = "expression"
) -> Figure:
    """Draw the attribution of one gene, see `attribution.attribute_gene`.

    Parameters
    ----------
    table
        Rows of one gene.
    window
        First and last base, bp from the start of transcription.
    unit
        Of the effects.
    """
    gene = str(table["gene"].iloc[0])
    x, y = table["distance"].to_numpy(float), table["effect"].to_numpy(float)
    share = table["share"].to_numpy(float)
    canvas = Canvas(840, 330, f"variants of {gene}")
    panel = make_panel(
        (70, 40, 740, 230), (float(window[0]), float(window[1])), limits([y], 0.18, [0])
    )
    draw_axes(canvas, panel, "bp from the start of transcription", f"effect, {unit}")
    zero = float(panel.y(0.0))
    canvas.line(panel.left, zero, panel.right, zero, stroke=NEUTRAL)
    start = float(panel.x(0.0))
    canvas.path(f"M{start:.1f} {panel.top}V{panel.bottom}", stroke=RULE, fill="none")
    canvas.path(
        f"M{start:.1f} {panel.top + 4}h26m-6 -4l6 4l-6 4", stroke=SOFT, fill="none"
    )
    for place, row in enumerate(table.to_dict("records")):
        across, top = float(panel.x(x[place])), float(panel.y(y[place]))
        colour = ACCENT if share[place] >= 0.05 else NEUTRAL
        canvas.line(across, zero, across, top, stroke=colour, stroke_width=1.5)
        size = 2.0 + (_LARGEST - 2.0) * float(np.sqrt(share[place]))
        tip = (
            f"{row['variant']}: {row['ref'] or '-'} to {row['alt'] or '-'} at "
            f"{row['distance']} bp, effect {fixed(row['effect'])}, frequency "
            f"{fixed(row['frequency'])}, {percent(row['share'])} of the variance"
        )
        canvas.circle(across, top, size, tip, fill=colour, fill_opacity=0.8)
        if place < _NAMED and share[place] >= 0.05:
            left = across > panel.left + panel.width * 0.7
            shift = -size - 4 if left else size + 4
            words = f"{row['variant']}, {percent(row['share'])}"
            canvas.text(
                across + shift,
                top + (-4 if y[place] >= 0 else 12),
                words,
                11,
                anchor="end" if left else "start",
                fill=SOFT,
            )
    caption = (
        "Every variant alone in the reference promoter; its area is its share of the "
        "variance that the variants make among the lines. The arrow: transcription."
    )
    return Figure(f"promoter-{gene}", canvas.to_svg(), table, caption, gene)
