"""What stood for the omics, and whether nodes compute what they are named after."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, p_value
from meristem.pages.page import Block, Figure, Section, Tabs
from meristem.pages.table import folded, table_html
from meristem.report.columns import add_names
from meristem.report.figures.network.latents import draw_agreement, draw_latents
from meristem.report.figures.network.validation import draw_validation
from meristem.report.latent_values import agreement, latent_models, orient
from meristem.report.per_target import per_target
from meristem.report.view import View, slug

MOST_MODELS = 6
MOST_ROWS = 30


def represented_section(view: View) -> Section | None:
    """Return what models were handed in place of omics."""
    table = view.artefacts.representation
    if table.empty:
        return None
    known = ["omics", "kind", "gives", "confounders", "deconfound"]
    rows = []
    for key, own in table.groupby(known, sort=False, dropna=False):
        row = dict(zip(known, map(str, key), strict=True))
        row["factors"] = _span(own["factors"])
        row["named"] = _NAMES.get(row["kind"], f"{row['omics']}.1, {row['omics']}.2, …")
        if row["gives"] == "cleaned":
            row["named"] = "as the features"
        row["training lines"] = _span(own["rows"])
        row["models"] = ", ".join(dict.fromkeys(own["model"]))
        rows.append(row)
    frame = pd.DataFrame(rows).rename(columns={"deconfound": "removed by"})
    with_omics = set(table["model"])
    others = [m for m in view.contenders if m not in with_omics]
    text = ""
    if others:
        text = Markup("<p>Without omics: {}.</p>").format(", ".join(others))
    intro = (
        "Models that read omics learned from these in place of the values measured, "
        "learned anew on the training lines of every fold; what two numbers bound "
        "differs between folds. Predictions need genotypes alone, but of models that "
        "read measured omics."
    )
    note = "Every fold stands in representation.csv."
    html = table_html(frame, {}, note=note, sortable=False)
    return Section("Omics as models saw them", "represented", text, intro, (html,))


_NAMES = {"sets": "as the gene sets"}


def _span(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def latents_section(view: View) -> Section | None:
    """Return latents against measured omics on held-out lines, one tab per model."""
    labels = latent_models(view.artefacts)[:MOST_MODELS]
    panels = [
        (label, _panel(view, label, position)) for position, label in enumerate(labels)
    ]
    panels = [(label, panel) for label, panel in panels if panel]
    if not panels:
        return None
    intro = (
        "Does a node compute the quantity it is named after? Each [[latent]] is "
        "compared with its measurement on lines kept out of training."
    )
    blocks: tuple[Block, ...] = panels[0][1]
    if len(panels) > 1:
        names = tuple(label for label, _ in panels)
        blocks = (Tabs(names, tuple(panel for _, panel in panels)),)
    blocks = (*blocks, *per_target(view, {"validation": draw_validation}))
    return Section("Latents and measured omics", "latents", "", intro, blocks)


def _panel(view: View, label: str, position: int) -> tuple[str | Figure, ...]:
    rows = view.artefacts.latents
    oriented = orient(rows[rows["model"] == label])
    table = agreement(oriented)
    stem = "" if position == 0 else f"_{slug(label)}_{position + 1}"
    panels = draw_latents(view, oriented, table, f"latents{stem}")
    if panels is None:
        return ()
    histogram = draw_agreement(table, f"agreement{stem}")
    parts: list[str | Figure] = [_saw(view, label), panels]
    parts += [histogram] if histogram is not None else []
    parts.append(str(_table(view, label, table)))
    return tuple(part for part in parts if part != "")


def _saw(view: View, label: str) -> str:
    """Return whether the model was trained on measurements of these nodes."""
    model = view.model(label)
    if not model.omics:
        return ""
    text = (
        f"{label} was given these measurements for its training lines, never for "
        "the lines shown here."
    )
    if model.omics == "none":
        text = (
            f"Nodes of {label} were trained without omics: what agreement there is "
            "comes from the wiring of the network and the trait alone."
        )
    if model.omics == "none" and model.learns_graph:
        text = (
            f"Nodes of {label} were trained without omics, but measurements of the "
            "training lines chose which genes they are and which variants they read: "
            "agreement comes from that choice and the trait."
        )
    return str(Markup('<p class="intro">{}</p>').format(text))


def _table(view: View, label: str, table: pd.DataFrame) -> Markup:
    nodes = view.artefacts.nodes
    shown = table.head(MOST_ROWS)
    wanted = ["agreement_low", "agreement_high", "agreement_p"]
    explained = nodes[nodes["model"] == label]
    if all(column in explained for column in wanted) and not explained.empty:
        known = explained.dropna(subset=["agreement_p"]).drop_duplicates("node")
        shown = shown.merge(known[["node", *wanted]], on="node", how="left")
    shown = add_names(view, shown, "node")
    formats = {
        "lines": count,
        "folds": count,
        "agreement": fixed,
        "agreement_low": fixed,
        "agreement_high": fixed,
        "agreement_p": p_value,
    }
    headings = {
        "agreement_low": "from",
        "agreement_high": "to",
        "agreement_p": "p (permutation)",
    }
    present = {name: form for name, form in formats.items() if name in shown}
    html = table_html(shown, present, headings)
    if len(table) <= 12:
        return html
    return folded(f"The best {len(shown)} nodes", html)
