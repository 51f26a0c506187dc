"""Lines without phenotype, ranked by their predicted values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, number, percent
from meristem.pages.page import Block, Section, Tabs
from meristem.pages.table import Format, table_html
from meristem.report.per_target import MOST_TARGETS
from meristem.report.view import ADDITIVE, Target, View

SHOWN = 20
PLAIN = ("rank", "line", "range")


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
        "value is a level, with the mean of the environment; the deviation is from "
        "the mean of the phenotyped lines."
    )
    if _phenotypes(view).get("by") == "record":
        intro += (
            " No model here has a term of line x environment: lines rank alike in "
            "every environment, and only their level differs."
        )
    return Section("Candidates", "candidates", "", intro, blocks)


def _phenotypes(view: View) -> dict[str, Any]:
    """Return what the configuration says of the phenotypes."""
    return dict(view.artefacts.run.get("config", {}).get("phenotypes", {}))


def _ranking(view: View, rows: pd.DataFrame) -> Markup:
    """Return the best lines of the leading model, with the other models beside it."""
    labels = [label for label in view.contenders if label in set(rows["model"])]
    lead = _leading(view, rows, labels)
    wide = rows.pivot_table(index="sample_id", columns="model", values="predicted")
    own = (
        rows[rows["model"] == lead].drop_duplicates("sample_id").set_index("sample_id")
    )
    trait, asked = str(rows["trait"].iloc[0]), _phenotypes(view)
    smallest = trait in asked.get("minimise", [])
    unit = asked.get("units", {}).get(trait, "")
    unit = f", {unit}" if unit else ""
    order = own.sort_values(["predicted"], ascending=smallest, kind="stable").index
    order = order[:SHOWN]
    frame = pd.DataFrame({"rank": np.arange(1, len(order) + 1), "line": order})
    headings: dict[str, str | Markup] = {"rank": "rank", "line": "line"}
    frame["lead"] = wide.loc[order, lead].to_numpy()
    headings["lead"] = f"{lead} ({_word(view, lead)}{unit})"
    if "deviation" in own:
        frame["deviation"] = own.loc[order, "deviation"].to_numpy()
        headings["deviation"] = "deviation from the mean"
    if "spread" in own and np.isfinite(own["spread"]).any():
        frame["spread"] = own.loc[order, "spread"].to_numpy()
    if {"low", "high"} <= set(own) and np.isfinite(own["low"]).any():
        ends = own.loc[order, ["low", "high"]].itertuples(index=False, name=None)
        frame["range"] = [
            f"{number(low)}\u00a0to\u00a0{number(high)}" for low, high in ends
        ]
        headings["range"] = "90 % interval of the genetic value"
    if "top_probability" in own and np.isfinite(own["top_probability"]).any():
        frame["top"] = own.loc[order, "top_probability"].to_numpy()
        headings["top"] = "chance to be among the best"
    for name in ("reliability", "relatedness"):
        if name in own and np.isfinite(own[name]).any():
            frame[name] = own.loc[order, name].to_numpy()
    others = [label for label in labels if label != lead][:4]
    for position, label in enumerate(others):
        frame[f"other{position}"] = wide.loc[order, label].to_numpy()
        headings[f"other{position}"] = f"{label} ({_word(view, label)}{unit})"
    formats: dict[str, Format] = {}
    formats |= {str(name): number for name in frame if name not in PLAIN}
    if "top" in frame:
        formats["top"] = _whole_percent
    note = (
        f"{len(order)} of {len(own):,} lines, ranked by {lead}. All lines and models "
        "are in candidates.csv."
    )
    return table_html(frame, {"rank": count, **formats}, headings, note=note)


def _whole_percent(share: float) -> str:
    return percent(share, 0)


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
