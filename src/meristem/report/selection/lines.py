"""Candidates with their flags, and how often every parent is used."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Figure, Section
from meristem.pages.palette import ACCENT, NULL
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.table import Format, folded, table_html
from meristem.report.selection.decided import Decided

SHOWN = 25
PARENTS = 40


def _whole(share: float) -> str:
    return percent(share, 0)


def candidates_section(decided: Decided) -> Section:
    """Return the selected lines, the checks, and the best of those left out."""
    table = decided.candidates
    word = decided.summary["word"]
    chosen = table["status"].isin(["selected", "kept"])
    check = table["status"] == "check"
    rest = table[~chosen & ~check].sort_values("index", ascending=False)
    shown = pd.concat([table[check], table[chosen].head(SHOWN)])
    shown = shown.sort_values("index", ascending=False, kind="stable")
    intro = (
        f"Selected lines by their index of {word}s, checks among them. The chance to "
        "be among the best is that of the posterior; flags say what else is known of a "
        "line."
    )
    note = (
        f"{len(shown)} of {len(table):,} lines; all are in candidates.csv."
        if len(shown) < len(table)
        else ""
    )
    blocks = (
        str(_table(shown, note)),
        str(folded("The best lines that are not selected", _table(rest.head(SHOWN)))),
    )
    return Section("Candidates", "candidates", "", intro, blocks)


def _table(rows: pd.DataFrame, note: str = "") -> Markup:
    columns = {
        "rank": "rank",
        "sample_id": "line",
        "status": "flag",
        "index": "index",
        "spread": "spread",
        "top_probability": "chance to be among the best",
        "better_than_checks": "chance to beat the checks",
        "contribution": "contribution",
        "uses": "crosses",
    }
    kept = [name for name in columns if name in rows and rows[name].notna().any()]
    shown = rows[kept].rename(columns=columns)
    reliability = [c for c in map(str, rows.columns) if c.endswith(": reliability")]
    if reliability:
        shown["reliability"] = rows[reliability].mean(axis=1)
    formats: dict[str, Format] = {
        "index": number,
        "spread": number,
        "chance to be among the best": _whole,
        "chance to beat the checks": _whole,
        "contribution": percent,
        "reliability": fixed,
        "rank": _rank,
        "crosses": _rank,
    }
    present = {name: form for name, form in formats.items() if name in shown}
    return table_html(shown, present, note=note)


def _rank(value: float) -> str:
    return f"{value:.0f}"


def parents_section(decided: Decided) -> Section | None:
    """Return how much every parent gives; None if nobody does."""
    table = decided.parents.head(PARENTS)
    if table.empty:
        return None
    names = table["sample_id"].tolist()
    crossed = decided.summary["mating"] is not None
    planned = table["share_of_crosses"] if crossed else 0 * table["contribution"]
    share = np.stack([planned.to_numpy(), table["contribution"].to_numpy()])
    rows = draw_rows(
        "Share of every parent",
        names,
        (0, float(share.max()) * 1.05),
        "share of the gametes of the next generation",
        (label_room(names, 220, pad=26), 110, 12),
        24,
    )
    start = float(rows.panel.x(0))
    for place, y in enumerate(rows):
        optimal = float(rows.panel.x(share[1, place])) - start
        made = float(rows.panel.x(share[0, place])) - start
        rows.canvas.rect(start, y - 8, optimal, 16, fill=NULL)
        rows.canvas.rect(start, y - 4, made, 8, fill=ACCENT)
        uses = int(table["uses"].iloc[place])
        if uses:
            text = f"{uses} cross" + ("es" if uses > 1 else "")
            rows.canvas.text(rows.panel.right + 10, y + 4, text, 11)
    caption = (
        "Grey: contribution of the chosen point of the frontier; green: share in the "
        "crosses planned, whose number is whole and whose value counts the spread of "
        "the progeny."
    )
    if len(decided.parents) > len(table):
        caption += f" {len(table)} of {len(decided.parents)} parents are drawn."
    figure = Figure("selection_parents", rows.canvas.to_svg(), decided.parents, caption)
    return Section("Use of the parents", "parents", "", "", (figure,))
