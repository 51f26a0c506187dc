"""Genes by three methods side by side: network, GWAS, TWAS."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import p_value
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, PAPER, SOFT
from meristem.pages.panel import draw_x_axis, make_panel
from meristem.pages.rows import WIDTH, Rows, label_room, label_rows
from meristem.pages.svg import Canvas
from meristem.report.view import Target, View

ROW = 24
TOP = 40
SHOWN = 20
GAP = 26
LEVEL = 0.1
"""False discovery rate at which the run says that a method found a gene."""

METHODS = {
    "network": "network, lines left out",
    "gwas": "GWAS, best variant",
    "twas": "TWAS, measured",
}


def gene_evidence_rows(view: View, target: Target, shown: int = SHOWN) -> pd.DataFrame:
    """Return the genes worth a row: those found, what the network adds first."""
    rows = view.of(view.artefacts.evidence, target)
    if rows.empty:
        return rows
    columns = [f"{method}_p" for method in METHODS if f"{method}_p" in rows]
    best = rows[columns].min(axis=1)
    alone = rows["found_by"] == "network"
    place = np.where(alone, 0, np.where(rows["found_by"] != "", 1, 2))
    smallest = np.where(alone, rows["network_p"], best)
    order = np.lexsort((-rows["sensitivity"], smallest, place))
    ordered = rows.iloc[order]
    kept = ordered[ordered["found_by"] != ""].head(shown)
    # where little was found, the next best say how far away they are
    return kept if len(kept) >= shown // 2 else ordered.head(shown // 2)


def draw_gene_evidence(view: View, target: Target, name: str) -> Figure | None:
    """Return one row per gene, one column per method; None without such genes."""
    rows = gene_evidence_rows(view, target)
    methods = {
        method: words
        for method, words in METHODS.items()
        if f"{method}_p" in rows and np.isfinite(rows[f"{method}_p"]).any()
    }
    if rows.empty or not methods:
        return None
    labels = [view.node_name(str(gene)) for gene in rows["gene"]]
    left = label_room(labels, 200)
    height = ROW * len(rows)
    canvas = Canvas(WIDTH, TOP + height + 44, f"Genes by method, {target.name}")
    most = max(_strength(rows[f"{method}_p"]).max() for method in methods)
    width = (WIDTH - left - GAP * len(methods)) / len(methods)
    for column, (method, words) in enumerate(methods.items()):
        box = (left + column * (width + GAP), float(TOP), width, float(height))
        panel = make_panel(box, (0.0, max(1.0, 1.06 * most)), (0, 1))
        drawn = Rows(canvas, panel, ROW)
        if column == 0:
            label_rows(drawn, labels, left)
        canvas.text(panel.left, 20, words, 12, width + GAP - 6, font_weight=600)
        draw_x_axis(canvas, panel, "\u2212log10 p", grid=True)
        _draw_column(drawn, rows, method, labels)
    return Figure(name, canvas.to_svg(), rows, CAPTION)


def _strength(p: pd.Series) -> pd.Series:
    return -np.log10(p.clip(lower=1e-300)).fillna(0.0)


def _draw_column(
    drawn: Rows, rows: pd.DataFrame, method: str, labels: list[str]
) -> None:
    canvas, panel = drawn.canvas, drawn.panel
    p, q = rows[f"{method}_p"].tolist(), rows[f"{method}_q"].tolist()
    strength = _strength(rows[f"{method}_p"]).tolist()
    named = rows["found_by"].str.split(";").tolist()
    for position, value in enumerate(p):
        if not math.isfinite(value):
            continue
        discovered = method in named[position]
        y = drawn.middle(position)
        place = float(panel.x(strength[position]))
        colour = ACCENT if discovered else SOFT
        canvas.line(panel.left, y, place, y, stroke=colour, stroke_opacity=0.35)
        tip = f"{labels[position]}: p {p_value(value)}, q {p_value(q[position])}"
        fill = colour if discovered else PAPER
        canvas.circle(place, y, 4.4, tip, fill=fill, stroke=colour, stroke_width=1.8)


CAPTION = (
    "The trait regressed on what a gene's node adds to predictions of lines that its "
    "network had not seen ([[held-out test]]), on the gene's variants one by one "
    "([[GWAS]]) and on the measured gene ([[TWAS]]), under the same mixed model. "
    f"Filled: found at a [[q value]] of {LEVEL:g}. Genes found by the network alone "
    "come first."
)
