"""The files of a selection, read once: the only way its page sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from meristem.errors import DataError

PAGE = "selection.html"

TABLES = {
    "candidates": ("sample_id", "status", "index", "spread"),
    "funnel": ("name", "removed", "left", "lost", "coancestry"),
    "index": ("trait", "coefficient", "gain", "gain_low", "gain_high", "gain_alone"),
    "costs": ("constraint", "lost"),
    "frontier": ("point", "kind", "gain", "gain_low", "coancestry", "ne"),
    "contributions": ("point", "sample_id", "contribution"),
    "parents": ("sample_id", "contribution", "uses"),
    "crosses": ("cross_id", "female", "male", "mean", "sd", "usefulness"),
    "cross_map": ("parent_1", "parent_2", "mean", "sd", "chosen"),
    "crosses_multiparent": ("rank", "kind", "mean", "sd", "usefulness"),
    "comparison": ("model", "overlap", "chance"),
    "genes": ("gene", "share", "share_by_chance"),
    "edits": ("variant", "value", "p_causal", "expected", "in_set"),
    "next": ("order", "sample_id", "cumulative_cost"),
    "cycles": ("strategy", "cycle", "gain", "genic_sd", "effective"),
    "cycles_differences": ("strategy", "reference", "cycle", "difference", "ne"),
}
"""Columns without which a table cannot be shown."""

_OPTIONAL = (
    *("crosses", "cross_map", "comparison", "genes", "edits", "next", "cycles"),
    *("cycles_differences", "crosses_multiparent"),
)
_TEXT = (
    *("sample_id", "female", "male", "parent_1", "parent_2", "trait", "environment"),
    *("parent_3", "parent_4", "kind"),
    *("gene", "variant", "contig", "from", "to", "guide", "best_line", "known_qtl"),
    *("guide_line", "pam", "strand", "edit_type", "reference", "lead_variant"),
    *("favourable_haplotype", "scored_variant"),
)


@dataclass(frozen=True)
class Decided:
    """What a selection left in its folder; empty tables where there is none."""

    summary: dict[str, Any]
    candidates: pd.DataFrame
    funnel: pd.DataFrame
    index: pd.DataFrame
    costs: pd.DataFrame
    frontier: pd.DataFrame
    contributions: pd.DataFrame
    parents: pd.DataFrame
    crosses: pd.DataFrame
    cross_map: pd.DataFrame
    crosses_multiparent: pd.DataFrame
    comparison: pd.DataFrame
    genes: pd.DataFrame
    edits: pd.DataFrame
    next: pd.DataFrame
    cycles: pd.DataFrame
    cycles_differences: pd.DataFrame


def gain_in(summary: dict[str, Any]) -> str:
    """Return what gains are told in: merit, or the index of a plan without weights."""
    return {"merit": "merit", "index": "the index"}[summary["gain_in"]]


def read_decided(folder: Path) -> Decided:
    """Read the files of a selection.

    Raises
    ------
    DataError
        If one is not there, is damaged or lacks a column.
    """
    remedy = "start `meristem select` with the run folder again"
    path = folder / "selection.json"
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"cannot be read ({error})", where=path, remedy=remedy
        ) from error
    tables: dict[str, pd.DataFrame] = {}
    for name, needed in TABLES.items():
        path = folder / f"{name}.csv"
        if name in _OPTIONAL and not path.is_file():
            tables[name] = pd.DataFrame(columns=list(needed))
            continue
        try:
            text = dict.fromkeys(_TEXT, str)
            table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
        except (OSError, ValueError) as error:
            raise DataError(
                f"cannot be read ({error})", where=path, remedy=remedy
            ) from error
        missing = [column for column in needed if column not in table.columns]
        if missing:
            raise DataError(
                f"lacks the columns {', '.join(missing)}", where=path, remedy=remedy
            )
        present = [column for column in _TEXT if column in table.columns]
        table[present] = table[present].fillna("")
        tables[name] = table
    return Decided(summary, **tables)
