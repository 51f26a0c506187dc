"""Chains of models by sampling: whether they agree, and which variants act."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, number
from meristem.pages.page import Block, Section, Tabs
from meristem.pages.table import table_html
from meristem.report.per_target import MOST_TARGETS
from meristem.report.view import Target, View

LIMIT_RHAT, LIMIT_ESS = 1.01, 400
SHOWN = 15
"""Variants listed."""


def sampling_section(view: View) -> Section | None:
    """Return convergence of every quantity watched, and the variants that act."""
    panels = [
        (target.name, (str(_tables(view, target)),))
        for target in view.targets[:MOST_TARGETS]
        if not view.of(view.artefacts.convergence, target).empty
    ]
    if not panels:
        return None
    intro = (
        "Models by Gibbs sampling are as good as their chains. R-hat near 1 says that "
        "the chains agree; the effective sample size says what their draws are worth "
        f"as independent ones. Below {LIMIT_RHAT} and from {LIMIT_ESS} on both hold."
    )
    blocks: tuple[Block, ...] = panels[0][1]
    if len(panels) > 1:
        names, tables = zip(*panels, strict=True)
        blocks = (Tabs(names, tables),)
    return Section("Sampling", "sampling", _verdict(view), intro, blocks)


def _verdict(view: View) -> Markup:
    """Return a sentence on the chains whose variances or predictions do not hold."""
    table = view.artefacts.convergence
    own = ("inclusion_rate", "effect_variance", "marker_variance", "lambda")
    rows = table[~table["quantity"].str.startswith(own)]
    bad = rows[(rows["rhat"] >= LIMIT_RHAT) | (rows["ess_bulk"] < LIMIT_ESS)]
    if bad.empty:
        return Markup("<p>All chains agree on variances and predictions.</p>")
    names = ", ".join(sorted(set(bad["model"])))
    text = "Chains do not agree yet: {}. Raise most_draws of these models."
    return Markup(f"<p>{text}</p>").format(names)


def _tables(view: View, target: Target) -> Markup:
    found = _convergence(view, target), _classes(view, target), _variants(view, target)
    return Markup("").join(found)


def _convergence(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.convergence, target)
    predicted = rows["quantity"].str.startswith("prediction_")
    frame = rows[~predicted][["model", "quantity", "mean", "sd", "rhat", "ess_bulk"]]
    worst = [
        {
            "model": label,
            "quantity": f"worst of {len(part)} predictions",
            "rhat": part["rhat"].max(),
            "ess_bulk": part["ess_bulk"].min(),
        }
        for label, part in rows[predicted].groupby("model")
    ]
    frame = pd.concat([frame, pd.DataFrame(worst)], ignore_index=True)
    frame = frame.sort_values("model", kind="stable", ignore_index=True)
    frame["quantity"] = frame["quantity"].str.replace("_", " ")
    frame["rhat"] = [f"{value:.3f}" for value in frame["rhat"]]
    frame["ess_bulk"] = [f"{value:.0f}" for value in frame["ess_bulk"]]
    headings = {"rhat": "R-hat", "ess_bulk": "effective draws"}
    formats = {"mean": number, "sd": number}
    note = (
        "Posterior mean and sd; rank-normalised split R-hat and bulk effective sample "
        "size. The share of markers with an effect and scales of priors mix slowly "
        "and hardly change predictions: chains are not prolonged for them."
    )
    return table_html(frame, formats, headings, note=note)


def _classes(view: View, target: Target) -> Markup:
    """Return which classes of variants act more often than variants do in general."""
    rows = view.of(view.artefacts.variant_classes, target)
    if rows.empty:
        return Markup("")
    frame = rows[["model", "class", "variants"]].reset_index(drop=True)
    for name in ("rate", "enrichment", "share"):
        limits = zip(rows[name], rows[f"{name}_low"], rows[f"{name}_high"], strict=True)
        frame[name] = [f"{fixed(v)} ({fixed(a)} to {fixed(b)})" for v, a, b in limits]
    more = rows[rows["enrichment_low"] > 1]
    said = [f"{c} ({m})" for c, m in zip(more["class"], more["model"], strict=True)]
    note = "Posterior mean and 95 % interval. "
    note += f"They act more often than others: {', '.join(said)}." if said else ""
    note += "" if said else "No class acts more often than others for certain."
    headings = {
        "rate": "share that acts",
        "enrichment": "over that of all variants",
        "share": "share of the genetic variance",
    }
    return table_html(frame, {}, headings, note=note)


def _variants(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.variant_inclusion, target)
    if rows.empty:
        return Markup("")
    best = rows.sort_values("inclusion", ascending=False, kind="stable").head(SHOWN)
    columns = ["model", "variant_id", "contig", "position", "effect"]
    frame = best[[*columns, "inclusion", "window_inclusion"]].reset_index(drop=True)
    headings = {
        "variant_id": "variant",
        "effect": "effect per allele copy",
        "inclusion": "chance that it acts",
        "window_inclusion": "that its window does",
    }
    formats = {"effect": number, "inclusion": fixed, "window_inclusion": fixed}
    note = f"The {len(frame)} of {len(rows)} most probable; all in the table file."
    return table_html(frame, formats, headings, note=note)
