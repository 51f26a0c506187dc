"""Lines without phenotype, ranked by their predicted values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.glossary import term
from meristem.pages.numbers import count, fixed, number, percent
from meristem.pages.page import Block, Section, Tabs
from meristem.pages.table import Format, folded, table_html
from meristem.report.per_target import MOST_TARGETS
from meristem.report.view import ADDITIVE, Target, View

SHOWN = 20


def _whole_percent(share: float) -> str:
    return percent(share, 0)


COLUMNS: dict[str, tuple[str, str, Format | None]] = {
    "rank": ("rank", "", count),
    "sample_id": ("line", "", None),
    "predicted": ("", "", number),
    "deviation": ("deviation", "deviation", number),
    "spread": ("spread", "spread", number),
    "range": ("90 % interval", "spread", None),
    "top_probability": (
        "chance to be among the best",
        "chance to be among the best",
        _whole_percent,
    ),
    "reliability": ("reliability", "reliability", fixed),
    "relatedness": ("relatedness", "relatedness", fixed),
}
"""Column of the file -> heading, its entry in the glossary, how numbers are written."""


REACTING = frozenset({"gxe", "reaction_network"})
"""Kinds of models whose predictions differ between environments."""


def candidates_section(view: View) -> Section | None:
    """Return the top of `candidates.csv` per target; None without candidates."""
    table = view.artefacts.candidates
    if table.empty:
        return None
    panels = []
    for target in view.targets[:MOST_TARGETS]:
        rows = view.of(table, target)
        if not rows.empty:
            panels.append((target.name, (str(_ranking(view, rows)),)))
    if not panels:
        return None
    blocks: tuple[Block, ...] = tuple(panels[0][1])
    if len(panels) > 1:
        blocks = (Tabs(tuple(p[0] for p in panels), tuple(p[1] for p in panels)),)
    lines = table["sample_id"].nunique()
    intro = (
        f"{lines:,} genotyped lines have no phenotype. Their predicted values come "
        "from genotypes alone. Linear models give a [[GEBV]], a network a "
        "[[predicted value]] that may hold non-additive parts. The best come first: "
        "the largest values, or the smallest where the run minimises the trait. A "
        "value is a level, with the mean of the environment. Interval, [[chance to be "
        "among the best]] and [[reliability]] are of one [[posterior]]."
    )
    if _phenotypes(view).get("by") == "record":
        reacting = [model.label for model in view.models if model.kind in REACTING]
        who = f"By all models but {', '.join(reacting)} lines" if reacting else "Lines"
        intro += (
            f" {who} rank alike in every environment, and only their level differs."
        )
    return Section("Candidates", "candidates", "", intro, blocks)


def _phenotypes(view: View) -> dict[str, Any]:
    """Return what the configuration says of the phenotypes."""
    return dict(view.artefacts.run.get("config", {}).get("phenotypes", {}))


def _ranking(view: View, rows: pd.DataFrame) -> Markup:
    """Return the best lines of the leading model, and the others' values of them."""
    labels = [label for label in view.contenders if label in set(rows["model"])]
    lead = _leading(view, rows, labels)
    wide = rows.pivot_table(index="sample_id", columns="model", values="predicted")
    own = rows[rows["model"] == lead].drop_duplicates("sample_id")
    trait, asked = str(rows["trait"].iloc[0]), _phenotypes(view)
    smallest = trait in asked.get("minimise", [])
    unit = asked.get("units", {}).get(trait, "")
    unit = f", {unit}" if unit else ""
    best = own.sort_values("predicted", ascending=smallest, kind="stable").head(SHOWN)
    best = best.assign(rank=np.arange(1, len(best) + 1))
    if {"low", "high"} <= set(best) and best["low"].notna().any():
        ends = best[["low", "high"]].itertuples(index=False, name=None)
        best["range"] = [
            f"{number(low)}\u00a0to\u00a0{number(high)}" for low, high in ends
        ]
    kept = [name for name in COLUMNS if name in best and best[name].notna().any()]
    headings: dict[str, str | Markup] = {
        name: term(word, shown) if word else shown
        for name, (shown, word, _) in COLUMNS.items()
    }
    headings["predicted"] = f"{lead} ({_word(view, lead)}{unit})"
    formats = {n: f for n, (_, _, f) in COLUMNS.items() if f is not None}
    note = (
        f"{len(best)} of {len(own):,} lines, ranked by {lead}. All lines and models "
        "are in candidates.csv."
    )
    table = table_html(best[kept], formats, headings, note=note)
    others = [label for label in labels if label != lead]
    if not others:
        return table
    named = wide.loc[best["sample_id"], others].reset_index()
    headings = {label: f"{label} ({_word(view, label)}{unit})" for label in others}
    headings["sample_id"] = "line"
    by_others = table_html(named, dict.fromkeys(others, number), headings)
    return table + folded("The same lines by the other models", by_others)


def _word(view: View, label: str) -> str:
    return "GEBV" if view.model(label).kind in ADDITIVE else "predicted value"


def _leading(view: View, rows: pd.DataFrame, labels: list[str]) -> str:
    """Return the model to rank by: the best that is not worse than the reference."""
    target = Target(str(rows["trait"].iloc[0]), str(rows["environment"].iloc[0]))
    best, lead = 0.0, view.reference if view.reference in labels else labels[0]
    for label in labels:
        verdict = view.verdict(label, target)
        if verdict is None or verdict.verdict != "better":
            continue
        if view.model(label).deployable and verdict.difference > best:
            best, lead = verdict.difference, label
    return lead
