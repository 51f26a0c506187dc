"""Whether importances can be believed, which nodes interact, and single lines."""

from __future__ import annotations

from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.table import folded
from meristem.report.columns import Columns, columns_table, folded_columns
from meristem.report.figures.genes.gain import draw_gain
from meristem.report.figures.genes.interactions import (
    FLAT,
    draw_interactions,
    largest_interaction,
)
from meristem.report.figures.genes.lines import draw_lines
from meristem.report.figures.genes.stability import draw_stability
from meristem.report.figures.network.tracking import draw_tracking
from meristem.report.per_target import TargetSection
from meristem.report.view import Target, View

MOST_SHARES = 15
"""Nodes, and variants, shown with their shares."""

SHARES: Columns = {
    "integrated": ("integrated gradients", number),
    "deeplift": ("DeepLIFT", number),
}

LINES: Columns = {
    "line_rank": ("rank", None),
    "sample_id": ("line", None),
    "predicted": ("predicted", number),
    "node": ("node", None),
    "latent_sd": ("sd from the average line", fixed),
    "contribution": ("contribution", number),
}


def _shares(view: View, target: Target) -> Markup:
    """Return the shares of nodes and variants by two attributions, and their gaps."""
    rows = view.of(view.artefacts.attribution, target)
    if rows.empty:
        return Markup("")
    parts = []
    for kind, many in (("node", "Nodes"), ("variant", "Variants")):
        ranked = rows[rows["kind"] == kind].sort_values("integrated", ascending=False)
        shown = ranked.head(MOST_SHARES)
        if kind == "node":
            shown = shown.assign(name=[view.node_name(str(n)) for n in shown["name"]])
        columns: Columns = {"name": (kind, None), **SHARES}
        parts.append(Markup("<h4>{}</h4>").format(many) + columns_table(shown, columns))
    gaps = [rows[f"{name}_gap"].max() for name in ("integrated", "deeplift")]
    note = Markup(
        "<p>Mean absolute share of a prediction, in units of the trait, by two ways of "
        "dividing it. The shares of all variants add up to the predicted difference "
        "from the average line but for {} of it (integrated gradients) and {} "
        "(DeepLIFT). All are in attribution.csv.</p>"
    ).format(*(_small_share(gap) for gap in gaps))
    summary = "Shares of nodes and variants in the predictions"
    return folded(summary, note, *parts)


def _small_share(value: float) -> str:
    return "less than 0.1 %" if value < 1e-3 else percent(value, 1)


def _additive(view: View) -> Markup:
    """Return the traits for which the effects of the top nodes add up."""
    additive = []
    for target in view.targets:
        pair, single = largest_interaction(view, target)
        pairs = view.of(view.artefacts.interactions, target)
        if len(pairs) and single > 0 and pair <= FLAT * single:
            additive.append(target.name)
    if not additive:
        return Markup("")
    return Markup(
        '<p class="note">{}: the effects of the top nodes add up. No pair reaches one '
        "per cent of the largest sensitivity.</p>"
    ).format(", ".join(additive))


def _line_table(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.line_explanations, target)
    ranked = rows.sort_values(["line_rank", "rank"], kind="stable")
    shown = ranked.assign(node=[view.node_name(str(node)) for node in ranked["node"]])
    return folded_columns("All numbers", shown, LINES)


def _lines_intro(view: View) -> str:
    rows = view.artefacts.line_explanations
    roles = set(rows["role"]) if "role" in rows else set()
    which = "lines without phenotype" if roles == {"candidate"} else "lines of the run"
    return (
        f"The best {which}, by the network's prediction, and the nodes that put "
        "them there."
    )


trust_section = TargetSection(
    "Can the importances be believed?",
    "trust",
    "Would another network say the same? Do the nodes that matter track what they are "
    "named after? And do nodes know more than what they read?",
    {"stability": draw_stability, "tracking": draw_tracking, "gain": draw_gain},
    _shares,
)
interactions_section = TargetSection(
    "Interactions",
    "interactions",
    "Pairs of nodes that do more, or less, together than each alone, as the network "
    "has learned it.",
    {"interactions": draw_interactions},
    html=_additive,
)
lines_section = TargetSection(
    "Why these lines", "lines", _lines_intro, {"lines": draw_lines}, _line_table
)
