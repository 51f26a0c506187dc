"""Which sets of genes have a part in the trait, by posterior probability."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, p_value
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, PAPER, SOFT
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.report.view import Target, View

SHOWN = 15
LEVEL = 0.1
"""Share of false finds among the sets called found."""


def probable_sets(view: View, target: Target, shown: int = SHOWN) -> pd.DataFrame:
    """Return the sets of a target, the most probable first."""
    rows = view.of(view.artefacts.nodes, target)
    if "inclusion" not in rows:
        return rows.head(0)
    rows = rows[np.isfinite(rows["inclusion"])]
    return rows.sort_values(["inclusion", "node"], ascending=[False, True]).head(shown)


def draw_inclusion(view: View, target: Target, name: str) -> Figure | None:
    """Return probabilities of the top sets; None where no network gives any."""
    rows = probable_sets(view, target)
    if rows.empty:
        return None
    labels = [view.node_name(str(node)) for node in rows["node"]]
    tested = "held_q" in rows and bool(np.isfinite(rows["held_q"]).any())
    drawn = draw_rows(
        f"Sets behind {target.name}",
        labels,
        (0.0, 1.0),
        "posterior probability that the set acts",
        (label_room(labels, 300), 180 if tested else 90, 40),
        25,
    )
    canvas, panel = drawn.canvas, drawn.panel
    heads = [(WIDTH - (90 if tested else 0), ("expected", "false finds"))]
    heads += [(WIDTH, ("q, lines", "left out"))] if tested else []
    for x, words in heads:
        for line, word in enumerate(words):
            canvas.text(x, 13 + 13 * line, word, 10.5, anchor="end", fill=SOFT)
    zero = float(panel.x(0.0))
    for label, record, y in zip(labels, rows.to_dict("records"), drawn, strict=True):
        fdr = float(record.get("inclusion_fdr", math.nan))
        discovered = fdr <= LEVEL
        colour = ACCENT if discovered else SOFT
        place = float(panel.x(record["inclusion"]))
        canvas.line(zero, y, place, y, stroke=colour, stroke_width=3)
        tip = f"{label}: {fixed(record['inclusion'])}"
        fill = colour if discovered else PAPER
        canvas.circle(place, y, 4.6, tip, fill=fill, stroke=colour, stroke_width=2)
        canvas.text(heads[0][0], y + 4, fixed(fdr), 12, anchor="end", fill=colour)
        if tested:
            q = float(record["held_q"])
            canvas.text(WIDTH, y + 4, p_value(q), 12, anchor="end", fill=SOFT)
    return Figure(name, canvas.to_svg(), rows, _caption(rows), "Which sets act")


def _caption(rows: pd.DataFrame) -> str:
    n_discovered = int((rows["inclusion_fdr"] <= LEVEL).sum())
    sets = f"{n_discovered} set is" if n_discovered == 1 else f"{n_discovered} sets are"
    return (
        "The probability that a set of genes has a part in the trait beyond what "
        "single genes and markers explain ([[posterior probability]]). Expected "
        "false finds: their share among this set and all above it. Filled green: at "
        f"most {LEVEL:.0%}; {sets}."
    )
