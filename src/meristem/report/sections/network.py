"""The network, what it relies on, and whether to believe it."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, number, p_value, percent
from meristem.pages.page import Block, Section
from meristem.pages.table import folded
from meristem.report.columns import Columns, add_names, columns_table, folded_columns
from meristem.report.figures.accuracy.controls import controls_sentence, draw_controls
from meristem.report.figures.genes.manhattan import draw_genes, draw_qq, draw_variants
from meristem.report.figures.network.inclusion import draw_inclusion
from meristem.report.figures.network.network import draw_network
from meristem.report.figures.network.nodes import draw_nodes
from meristem.report.knowledge_summary import knowledge_table
from meristem.report.per_target import TargetSection
from meristem.report.view import Target, View

MOST_ROWS = 30

PARTS: Columns = {
    "model": ("model", None),
    "trait": ("trait", None),
    "environment": ("environment", None),
    "fit": ("fitted by", None),
    "network_share": ("network", percent),
    "linear_share": ("all variants alone", percent),
    "scan_share": ("of that, weighted by a scan", percent),
    "products_share": ("products of terms", percent),
}

NODES: Columns = {
    "node": ("node", None),
    "name": ("name", None),
    "kind": ("kind", None),
    "n_variants": ("variants", count),
    "n_parents": ("inputs", count),
    "sensitivity": ("sensitivity", number),
    "null_q": ("q, shuffled labels", p_value),
    "held_slope": ("slope on lines left out", fixed),
    "held_q": ("q, lines left out", p_value),
    "inclusion": ("probability", fixed),
    "inclusion_fdr": ("expected false finds", fixed),
    "gradient": ("gradient", number),
    "agreement": ("agreement", fixed),
    "agreement_p": ("p of agreement", p_value),
    "measured_in": ("measured in", None),
}


def network_section(view: View) -> Section | None:
    """Return the drawing of the network and the quality of the knowledge."""
    figure = draw_network(view)
    if figure is None and not view.artefacts.knowledge:
        return None
    intro = (
        "The network is wired as the knowledge files say: a node reads the variants of "
        "its gene, or the nodes that act on it, and nothing else."
    )
    if (view.artefacts.network or {}).get("learned"):
        intro = (
            "The network was learned from the lines themselves: measured features of "
            "the trait, the variants that act on each, and what stands above them. "
            "Drawn is the one of all lines; every fold learned its own."
        )
    blocks: list[Block] = [figure] if figure is not None else []
    if not view.artefacts.parts.empty:
        blocks.append(parts_block(view))
    if view.artefacts.knowledge:
        table = knowledge_table(view.artefacts.knowledge)
        blocks.append(folded("Quality of the knowledge", table))
    return Section("The network", "network", "", intro, tuple(blocks))


def parts_block(view: View) -> Markup:
    """Return how much of each prediction is the network's."""
    rows = view.artefacts.parts
    beside = rows["off_graph"].astype(str).eq("True") if "off_graph" in rows else None
    note = (
        "Shares as lines that were left out allowed: of the network and of models of "
        "all variants alone in the prediction; of markers that a scan weighs, in "
        "these; of products of terms, in what they were estimated to do."
    )
    if beside is not None and beside.any():
        note += " The network has nodes beside the graph that read all variants."
    shown = rows.replace("", np.nan).dropna(axis=1, how="all")
    table = columns_table(shown, PARTS, note)
    return Markup("<h3>What the prediction is made of</h3>{}").format(table)


def _unused(view: View) -> Markup:
    """Return the traits whose predictions hold nothing of the network."""
    nodes = view.artefacts.nodes
    unused = []
    for target in view.targets:
        rows = view.of(nodes, target)
        if not rows.empty and not (rows["sensitivity"] > 0).any():
            unused.append(target.name)
    if not unused:
        return Markup("")
    return Markup(
        '<p class="note">The network contributes nothing to the predictions of {}: '
        "the linear path predicts alone, and no node matters.</p>"
    ).format(", ".join(unused))


def node_table(view: View, target: Target) -> Markup:
    """Return the numbers of the top nodes of a target."""
    rows = view.of(view.artefacts.nodes, target)
    rows = rows.sort_values(["sensitivity", "node"], ascending=[False, True])
    shown = add_names(view, rows.head(MOST_ROWS), "node")
    note = f"{len(shown)} of {len(rows):,} nodes; all are in nodes.csv."
    return folded_columns("All numbers of the top nodes", shown, NODES, note)


def _nodes_intro(view: View) -> str:
    models = sorted(set(view.artefacts.nodes["model"]) - {""})
    return (
        "Which nodes the predictions depend on"
        + (f", in the model {', '.join(models)}" if models else "")
        + ". Importance in a model is no proof of a biological cause: trust a node "
        "that stands clear of its [[null]], holds on lines left out, is stable "
        "between networks, and whose [[latent]] tracks what was measured."
    )


def _ingredients(view: View, target: Target) -> Markup:
    return Markup('<p class="note">{}</p>').format(controls_sentence(view, target))


nodes_section = TargetSection(
    "Top genes and terms",
    "nodes",
    _nodes_intro,
    {"inclusion": draw_inclusion, "nodes": draw_nodes},
    node_table,
    _unused,
)
genome_section = TargetSection(
    "Variants and genes",
    "genome",
    "Where in the genome the signal lies: the scan of single markers above, what the "
    "model uses below. Linked markers share their signal, so a peak is a region, not a "
    "gene.",
    {"variants": draw_variants, "genes": draw_genes, "qq": draw_qq},
)
controls_section = TargetSection(
    "Controls",
    "controls",
    "How much of the result is the structure of the network, how much the omics, how "
    "much mere capacity? Each [[control]] takes one of them away.",
    {"controls": draw_controls},
    _ingredients,
)
