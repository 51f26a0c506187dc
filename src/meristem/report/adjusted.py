"""What values were adjusted for: in words, and the effects that were taken off."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, number, percent
from meristem.pages.table import table_html
from meristem.report.view import View

SHOWN_LEVELS = 12
"""Levels of a class with effects in the table; the file has all of them."""


def adjusted_sentence(view: View) -> str:
    """Return what observed values and abilities are adjusted for; "" if nothing."""
    found = _described(view)
    if not found:
        return ""
    names = [_name(one) for one in found]
    listed = names[0]
    if len(names) > 1:
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"Values are adjusted for {listed}, by effects that each fold learned from its "
        "training rows: abilities are those of values at average covariates."
    )


def covariate_tables(view: View) -> list[Markup]:
    """Return the columns, and the effects on every target; empty without any."""
    found = _described(view)
    if not found:
        return []
    parts = [Markup("<h3>Covariates</h3>"), _columns(found)]
    if not view.artefacts.covariate_effects.empty:
        parts += [Markup("<h3>Effects of covariates</h3>"), _effects(view)]
    return parts


def _described(view: View) -> list[dict[str, Any]]:
    return list((view.artefacts.data or {}).get("covariates") or [])


def _name(one: dict[str, Any]) -> str:
    if one.get("type") == "axes":
        return f"{one.get('levels')} {one.get('name')}"
    return str(one.get("name"))


def _columns(found: list[dict[str, Any]]) -> Markup:
    rows = []
    for one in found:
        content = ""
        if "low" in one:
            content = f"{number(one['low'])} to {number(one['high'])}"
        elif one.get("largest"):
            listed = ", ".join(f"{name} ({n})" for name, n in one["largest"])
            more = ", ..." if one["levels"] > len(one["largest"]) else ""
            content = f"{count(one['levels'])} levels: {listed}{more}"
        elif one.get("type") == "axes":
            content = f"{one.get('levels')} axes of the training rows"
        missing = float(one.get("missing") or 0)
        total = float(one.get("n") or 0) + missing
        share = missing / total if total > 0 else float("nan")
        per = "line" if one.get("per") == "line" else "record"
        kind = "" if one.get("type") == "axes" else f"{one.get('type')} per {per}"
        rows.append((one.get("name"), kind, content, share))
    frame = pd.DataFrame(rows, columns=["covariate", "type", "content", "missing"])
    frame = frame.astype({"missing": float})
    return table_html(frame, {"missing": lambda v: percent(v, 1)}, sortable=False)


def _effects(view: View) -> Markup:
    effects = view.artefacts.covariate_effects
    columns = ["covariate", "category"]
    places = effects.groupby(columns, sort=False).ngroup()
    first = effects.assign(place=places).drop_duplicates("place")
    within = first.groupby("covariate").cumcount()
    some = first[within < SHOWN_LEVELS]
    frame = some[columns].reset_index(drop=True)
    for target in view.targets:
        own = view.of(effects, target).set_index(columns)
        frame[target.name] = [
            _cell(own.loc[[key], :]) if key in own.index else ""
            for key in some[columns].itertuples(index=False, name=None)
        ]
    hidden = len(first) - len(some)
    note = (
        "From all rows, in units of the trait. Classes: from the average row; numbers: "
        "per unit. \u00b1 standard error, none for the shrunk effects of a random "
        "class."
    )
    if hidden:
        note += f" {hidden} more levels are in covariate_effects.csv."
    frame = frame.rename(columns={"category": "level"})
    return table_html(frame, {}, sortable=False, note=note)


def _cell(rows: pd.DataFrame) -> str:
    effect, se = float(rows["effect"].iloc[0]), float(rows["se"].iloc[0])
    if se != se:
        return number(effect)
    return f"{number(effect)}\u00a0\u00b1\u00a0{number(se)}"
