"""Whether importances can be believed, which nodes interact, and single lines."""

from __future__ import annotations

from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Section
from meristem.pages.table import Format, table_html
from meristem.report.figures.genes.gain import draw_gain
from meristem.report.figures.genes.interactions import (
    FLAT,
    draw_interactions,
    largest_interaction,
)
from meristem.report.figures.genes.lines import draw_lines
from meristem.report.figures.genes.stability import draw_stability
from meristem.report.figures.network.tracking import draw_tracking
from meristem.report.per_target import per_target
from meristem.report.view import Target, View

MOST_SHARES = 15
"""Nodes, and variants, shown with their shares."""


def trust_section(view: View) -> Section | None:
    """Return stability, agreement against sensitivity, and gains over inputs."""
    families = {
        "stability": draw_stability,
        "tracking": draw_tracking,
        "gain": draw_gain,
    }
    blocks = per_target(view, families, _shares)
    if not blocks:
        return None
    intro = (
        "Would another network say the same? Do the nodes that matter track what they "
        "are named after? And do nodes know more than what they read?"
    )
    title = "Can the importances be believed?"
    return Section(title, "trust", "", intro, tuple(blocks))


def _shares(view: View, target: Target) -> Markup:
    """Return the shares of nodes and variants by two attributions, and their gaps."""
    rows = view.of(view.artefacts.attribution, target)
    if rows.empty:
        return Markup("")
    parts = []
    for kind, many in (("node", "Nodes"), ("variant", "Variants")):
        own = rows[rows["kind"] == kind].sort_values("integrated", ascending=False)
        shown = own[["name", "integrated", "deeplift"]].head(MOST_SHARES)
        if kind == "node":
            shown = shown.assign(name=[view.node_name(str(n)) for n in shown["name"]])
        shown = shown.rename(
            columns={
                "name": kind,
                "integrated": "integrated gradients",
                "deeplift": "DeepLIFT",
            }
        )
        formats: dict[str, Format] = {
            "integrated gradients": number,
            "DeepLIFT": number,
        }
        parts.append(Markup("<h4>{}</h4>").format(many) + table_html(shown, formats))
    gaps = [rows[f"{name}_gap"].max() for name in ("integrated", "deeplift")]
    note = Markup(
        "<p>Mean absolute share of a prediction, in units of the trait, by two ways of "
        "dividing it. The shares of all variants add up to the predicted difference "
        "from the average line but for {} of it (integrated gradients) and {} "
        "(DeepLIFT). All are in attribution.csv.</p>"
    ).format(*(_small_share(gap) for gap in gaps))
    return Markup(
        "<details><summary>Shares of nodes and variants in the predictions</summary>"
        '<div class="inside">{}{}</div></details>'
    ).format(note, Markup("").join(parts))


def _small_share(value: float) -> str:
    return "less than 0.1 %" if value < 1e-3 else percent(value, 1)


def interactions_section(view: View) -> Section | None:
    """Return the matrix of pairs of nodes."""
    blocks = per_target(view, {"interactions": draw_interactions})
    additive = _additive(view)
    if not blocks and not additive:
        return None
    intro = (
        "Pairs of nodes that do more, or less, together than each alone, as the "
        "network has learned it."
    )
    return Section("Interactions", "interactions", str(additive), intro, tuple(blocks))


def _additive(view: View) -> Markup:
    """Return the traits for which the effects of the top nodes add up."""
    found = []
    for target in view.targets:
        pair, single = largest_interaction(view, target)
        pairs = view.of(view.artefacts.interactions, target)
        if len(pairs) and single > 0 and pair <= FLAT * single:
            found.append(target.name)
    if not found:
        return Markup("")
    return Markup(
        '<p class="note">{}: the effects of the top nodes add up. No pair reaches one '
        "per cent of the largest sensitivity.</p>"
    ).format(", ".join(found))


def lines_section(view: View) -> Section | None:
    """Return why the best lines are predicted where they are."""
    blocks = per_target(view, {"lines": draw_lines}, _line_table)
    if not blocks:
        return None
    rows = view.artefacts.line_explanations
    roles = set(rows["role"]) if "role" in rows else set()
    which = "lines without phenotype" if roles == {"candidate"} else "lines of the run"
    intro = (
        f"The best {which}, by the network's prediction, and the nodes that put "
        "them there."
    )
    return Section("Why these lines", "lines", "", intro, tuple(blocks))


def _line_table(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.line_explanations, target)
    ranked = rows.sort_values(["line_rank", "rank"], kind="stable")
    wanted = {
        "line_rank": "rank",
        "sample_id": "line",
        "predicted": "predicted",
        "node": "node",
        "latent_sd": "sd from the average line",
        "contribution": "contribution",
    }
    kept = {old: new for old, new in wanted.items() if old in ranked}
    shown = ranked[list(kept)].rename(columns=kept)
    shown = shown.assign(node=[view.node_name(str(node)) for node in shown["node"]])
    formats: dict[str, Format] = {
        "predicted": number,
        "contribution": number,
        "sd from the average line": fixed,
    }
    present = {name: form for name, form in formats.items() if name in shown}
    return Markup(
        '<details><summary>All numbers</summary><div class="inside">{}</div></details>'
    ).format(table_html(shown, present))
