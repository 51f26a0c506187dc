"""Terms that hold more of the genes that matter than their place explains."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed, p_value
from meristem.pages.page import Figure
from meristem.pages.palette import PAPER, SOFT, category
from meristem.pages.panel import draw_legend
from meristem.pages.rows import draw_rows, label_room
from meristem.report.view import Target, View

SHOWN = 15
LEVEL = 0.1

METHODS = {"network": "network", "gwas": "GWAS", "twas": "TWAS"}


def top_terms(view: View, target: Target, shown: int = SHOWN) -> pd.DataFrame:
    """Return all rows of the terms with the smallest p of any method."""
    rows = view.of(view.artefacts.enrichment, target)
    rows = rows[np.isfinite(rows["p"])]
    best = rows.groupby("term", sort=False)["p"].min().sort_values(kind="stable")
    kept = best.head(shown).index.tolist()
    place = {term: number for number, term in enumerate(kept)}
    chosen = rows[rows["term"].isin(kept)]
    return chosen.assign(row=chosen["term"].map(place)).sort_values(["row", "method"])


def draw_enrichment(view: View, target: Target, name: str) -> Figure | None:
    """Return one row per term with a dot for each method; None without terms."""
    rows = top_terms(view, target)
    if rows.empty:
        return None
    first = rows.drop_duplicates("term")
    labels = [_label(view, record) for record in first.to_dict("records")]
    left = label_room(labels, 330, pad=15)
    strength = -np.log10(rows["p"].clip(lower=1e-300))
    drawn = draw_rows(
        f"Terms, {target.name}",
        labels,
        (0.0, max(1.0, 1.06 * float(strength.max()))),
        "\u2212log10 p",
        (left, 20, 44),
        24,
    )
    canvas = drawn.canvas
    used = [method for method in METHODS if (rows["method"] == method).any()]
    colours = {method: category(k) for k, method in enumerate(METHODS)}
    draw_legend(canvas, [(METHODS[m], colours[m]) for m in used], left, 18)
    for record, value in zip(rows.to_dict("records"), strength.tolist(), strict=True):
        if not math.isfinite(value):
            continue
        method = str(record["method"])
        colour = colours.get(method, SOFT)
        y = drawn.middle(int(record["row"]))
        discovered = float(record["q"]) <= LEVEL
        tip = (
            f"{METHODS.get(method, method)}: p {p_value(record['p'])}, "
            f"q {p_value(record['q'])}, score {fixed(record['score'])}"
        )
        canvas.circle(
            float(drawn.panel.x(value)),
            y,
            4.6,
            tip,
            fill=colour if discovered else PAPER,
            stroke=colour,
            stroke_width=1.8,
        )
    return Figure(name, canvas.to_svg(), rows.drop(columns="row"), CAPTION)


def _label(view: View, record: dict) -> str:
    term, label = str(record["term"]), str(record.get("label") or "")
    if label in ("", term):
        label = view.node_name(term)
    return f"{label} ({int(record['n_genes'])})"


CAPTION = (
    "Terms with many genes high in the ranking by the network on lines left out "
    "([[held-out test]]), by [[GWAS]] or by [[TWAS]]; in brackets the number of genes. "
    "Genes that are neighbours, or regulated together, do not count as several "
    f"([[enrichment]]). Filled: [[q value]] of {LEVEL:g} or less."
)
