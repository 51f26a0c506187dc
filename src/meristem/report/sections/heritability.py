"""Heritability, accuracy, and what selection on the predictions would have gained."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.glossary import term
from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Block, Section, Tabs
from meristem.pages.table import table_html
from meristem.report.per_target import MOST_TARGETS
from meristem.report.view import Target, View
from meristem.stats.metrics import top_count

COMPONENTS = {
    "genetic": "genetic variance",
    "residual": "residual variance",
    "h2": "heritability",
}

SHOWN = 40
"""Components of models of several covariances that are listed."""


def heritability_section(view: View) -> Section | None:
    """Return variance components, accuracy and selection differential per target."""
    panels = [
        (target.name, (str(_panel(view, target)),))
        for target in view.targets[:MOST_TARGETS]
        if not view.of(view.artefacts.variance_components, target).empty
    ]
    if not panels:
        return None
    intro = (
        "How much of the trait is genetic as the markers see it ([[heritability]], "
        "from all phenotyped lines), and what that makes of a [[predictive ability]]."
    )
    blocks: tuple[Block, ...] = panels[0][1]
    if len(panels) > 1:
        names, tables = zip(*panels, strict=True)
        blocks = (Tabs(names, tables),)
    return Section("Heritability and gain", "heritability", "", intro, blocks)


def _panel(view: View, target: Target) -> Markup:
    html = Markup("")
    if not _estimates(view, target).empty:
        html += _components(view, target) + _gains(view, target)
    return html + _further(view, target)


def _further(view: View, target: Target) -> Markup:
    """Return what models of several covariances estimate."""
    rows = view.of(view.artefacts.variance_components, target)
    rows = rows[rows["model"].isin(view.contenders)]
    rows = rows[~rows["component"].isin(COMPONENTS)]
    if rows.empty:
        return Markup("")
    total = len(rows)
    rows = rows.head(SHOWN)
    frame = rows[["model", "component"]].reset_index(drop=True)
    pairs = zip(rows["value"], rows["se"], strict=True)
    frame["value"] = [
        number(v) + ("" if math.isnan(e) else f"\u00a0\u00b1\u00a0{number(e)}")
        for v, e in pairs
    ]
    note = "By REML; \u00b1 standard error, where the component is a parameter."
    note += _sampled(view, frame["model"])
    if total > SHOWN:
        note += f" The first {SHOWN} of {total}; all in variance_components.csv."
    return table_html(frame, headings={"value": "estimate"}, note=note)


def _estimates(view: View, target: Target) -> pd.DataFrame:
    """Return value and se of every component, models in rows."""
    rows = view.of(view.artefacts.variance_components, target)
    known = rows[rows["model"].isin(view.contenders)]
    known = known[known["component"].isin(COMPONENTS)]
    return known.pivot_table(index="model", columns="component", values=["value", "se"])


def _components(view: View, target: Target) -> Markup:
    found = _estimates(view, target)
    frame = pd.DataFrame({"model": found.index})
    for name in COMPONENTS:
        pairs = zip(found["value"][name], found["se"][name], strict=True)
        form = fixed if name == "h2" else number
        frame[name] = [f"{form(v)}\u00a0\u00b1\u00a0{form(e)}" for v, e in pairs]
    headings = {**COMPONENTS, "h2": term("heritability")}
    note = "By REML; \u00b1 standard error." + _sampled(view, frame["model"])
    return table_html(frame, headings=headings, sortable=False, note=note)


def _sampled(view: View, labels: pd.Series) -> str:
    """Return whose figures are not by REML."""
    kinds = {model.label: model.kind for model in view.models}
    names = [name for name in dict.fromkeys(labels) if kinds.get(name) == "bayes"]
    if not names:
        return ""
    return f" Of {', '.join(names)} posterior mean \u00b1 standard deviation."


def _gains(view: View, target: Target) -> Markup:
    """Return ability, accuracy and selection differential of every model."""
    scores = view.of(view.artefacts.scores, target)
    kept = scores["model"].isin(view.contenders) & (scores["group"] == "")
    kept &= (scores["metric"] == "pearson") & (scores["fold"] != "all")
    ability = scores[kept].groupby("model")["value"].mean()
    if ability.empty:
        return Markup("")
    config = view.artefacts.run.get("config") or {}
    share = float((config.get("evaluate") or {}).get("top_share") or 0.1)
    asked = config.get("phenotypes") or {}
    smallest = target.trait in (asked.get("minimise") or ())
    found = _estimates(view, target)
    names = [str(name) for name in found.index]
    source = view.reference if view.reference in names else names[0]
    h2, error = (
        float(found[part]["h2"].to_numpy()[names.index(source)])
        for part in ("value", "se")
    )
    told = h2 > error
    frame = ability.sort_values(ascending=False).rename("ability").reset_index()
    frame["accuracy"] = frame["ability"] / math.sqrt(h2) if told else np.nan
    seen = view.of(view.artefacts.predictions, target)
    frame["differential"] = [
        selection_differential(seen[seen["model"] == label], share, smallest)
        for label in frame["model"]
    ]
    unit = str((asked.get("units") or {}).get(target.trait) or "")
    headings = {
        "ability": term("predictive ability"),
        "accuracy": term("accuracy"),
        "differential": term("selection differential") + (f", {unit}" if unit else ""),
    }
    which = "smallest" if smallest else "largest"
    note = (
        f"Accuracy: ability over the root of the heritability of {source}"
        + ("" if told else ", not shown since that is within one standard error of 0")
        + _too_low(frame["accuracy"].max(), by_record=asked.get("by") == "record")
        + f". Selection differential: observed mean of the {percent(share, 0)} of each "
        f"fold with the {which} predictions, minus the mean of the fold."
    )
    formats = {"ability": fixed, "accuracy": fixed, "differential": number}
    return table_html(frame, formats, headings, note=note)


def _too_low(accuracy: float, *, by_record: bool) -> str:
    """Return what an accuracy that cannot be says of the heritability."""
    if not accuracy > 1:
        return ""
    return (
        "; above 1 where that is too low: it has a standard error, and counts what is "
        "additive alone" + (" and the same in all environments" if by_record else "")
    )


def selection_differential(rows: pd.DataFrame, share: float, smallest: bool) -> float:
    """Return the observed mean of lines chosen by prediction, minus that of all.

    Parameters
    ----------
    rows
        Predictions of one model: replicate, fold, observed, predicted.
    share
        Of the lines of a fold, chosen in each; at least one.
    smallest
        Whether small values are wanted.

    Examples
    --------
    >>> rows = pd.DataFrame({"fold": ["1"] * 4, "observed": [1.0, 2.0, 3.0, 6.0],
    ...                      "predicted": [0.0, 1.0, 3.0, 2.0]})
    >>> selection_differential(rows, 0.25, smallest=False)
    0.0
    """
    rows = rows.dropna(subset=["observed", "predicted"])
    found = []
    for _, fold in rows.groupby([n for n in ("replicate", "fold") if n in rows]):
        best = fold.sort_values("predicted", ascending=smallest, kind="stable")
        chosen = best["observed"].head(top_count(len(fold), share))
        found.append(chosen.mean() - fold["observed"].mean())
    return float(np.mean(found)) if found else math.nan
