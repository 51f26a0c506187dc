"""The network, what it relies on, and whether to believe it."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, number, p_value, percent
from meristem.pages.page import Block, Section
from meristem.pages.table import table_html
from meristem.report.figures.accuracy.controls import controls_sentence, draw_controls
from meristem.report.figures.genes.manhattan import draw_genes, draw_qq, draw_variants
from meristem.report.figures.network.inclusion import draw_inclusion
from meristem.report.figures.network.network import draw_network
from meristem.report.figures.network.nodes import draw_nodes
from meristem.report.knowledge_summary import knowledge_table
from meristem.report.per_target import per_target
from meristem.report.view import Target, View

MOST_ROWS = 30


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
        blocks.append(
            "<details><summary>Quality of the knowledge</summary>"
            f'<div class="inside">{table}</div></details>'
        )
    return Section("The network", "network", "", intro, tuple(blocks))


def parts_block(view: View) -> Markup:
    """Return how much of each prediction is the network's."""
    rows = view.artefacts.parts
    wanted = {
        "model": "model",
        "trait": "trait",
        "environment": "environment",
        "fit": "fitted by",
        "network_share": "network",
        "linear_share": "all variants alone",
        "scan_share": "of that, weighted by a scan",
        "products_share": "products of terms",
    }
    shown = rows[[name for name in wanted if name in rows.columns]]
    shown = shown.rename(columns=wanted).replace("", np.nan).dropna(axis=1, how="all")
    beside = rows["off_graph"].astype(str).eq("True") if "off_graph" in rows else None
    note = (
        "Shares as lines that were left out allowed: of the network and of the path "
        "from all variants alone (GBLUP, or markers that a genome scan weighs) in the "
        "prediction; of products of terms, in what they were estimated to do."
    )
    if beside is not None and beside.any():
        note += " The network has nodes beside the graph that read all variants."
    formats = dict.fromkeys(
        ("network", "all variants alone", "of that, weighted by a scan"), percent
    )
    formats |= {"products of terms": percent}
    present = {name: form for name, form in formats.items() if name in shown}
    return Markup("<h3>What the prediction is made of</h3>{}").format(
        table_html(shown, present, note=note)
    )


def nodes_section(view: View) -> Section | None:
    """Return the most sensitive nodes beside their null."""
    blocks = per_target(
        view, {"inclusion": draw_inclusion, "nodes": draw_nodes}, node_table
    )
    if not blocks and not _unused(view):
        return None
    models = sorted(set(view.artefacts.nodes["model"]) - {""})
    intro = (
        "Which nodes the predictions depend on"
        + (f", in the model {', '.join(models)}" if models else "")
        + ". Importance in a model is no proof of a biological cause: trust a node "
        "that stands clear of its [[null]], holds on lines left out, is stable "
        "between networks, and whose [[latent]] tracks what was measured."
    )
    html = str(_unused(view))
    return Section("Top genes and terms", "nodes", html, intro, tuple(blocks))


def _unused(view: View) -> Markup:
    """Return the traits for which the network earned no part of the prediction."""
    nodes = view.artefacts.nodes
    unused = []
    for target in view.targets:
        rows = view.of(nodes, target)
        if not rows.empty and not (rows["sensitivity"] > 0).any():
            unused.append(target.name)
    if not unused:
        return Markup("")
    return Markup(
        '<p class="note">The network earned no part in the predictions of {}: the '
        "linear path predicts alone, and no node matters.</p>"
    ).format(", ".join(unused))


def node_table(view: View, target: Target) -> Markup:
    """Return the numbers of the top nodes of a target."""
    rows = view.of(view.artefacts.nodes, target)
    rows = rows.sort_values(["sensitivity", "node"], ascending=[False, True])
    wanted = {
        "node": "node",
        "kind": "kind",
        "n_variants": "variants",
        "n_parents": "inputs",
        "sensitivity": "sensitivity",
        "null_q": "q, shuffled labels",
        "held_slope": "slope on lines left out",
        "held_q": "q, lines left out",
        "inclusion": "probability",
        "inclusion_fdr": "expected false finds",
        "gradient": "gradient",
        "agreement": "agreement",
        "agreement_p": "p of agreement",
        "measured_in": "measured in",
    }
    kept = {old: new for old, new in wanted.items() if old in rows.columns}
    shown = rows[list(kept)].head(MOST_ROWS).rename(columns=kept)
    if view.node_label:
        readable = [view.node_name(str(node)) for node in shown["node"]]
        if readable != shown["node"].tolist():
            shown.insert(1, "name", readable)
    shown = shown.dropna(axis=1, how="all")
    formats = {
        "variants": count,
        "inputs": count,
        "sensitivity": number,
        "q, shuffled labels": p_value,
        "slope on lines left out": fixed,
        "q, lines left out": p_value,
        "probability": fixed,
        "expected false finds": fixed,
        "gradient": number,
        "agreement": fixed,
        "p of agreement": p_value,
    }
    present = {name: form for name, form in formats.items() if name in shown}
    note = f"{len(shown)} of {len(rows):,} nodes; all are in nodes.csv."
    return Markup(
        "<details><summary>All numbers of the top nodes</summary>"
        '<div class="inside">{}</div></details>'
    ).format(table_html(shown, present, note=note))


def genome_section(view: View) -> Section | None:
    """Return Manhattan plots of variants and genes, and the QQ plot."""
    blocks = per_target(
        view, {"variants": draw_variants, "genes": draw_genes, "qq": draw_qq}
    )
    if not blocks:
        return None
    intro = (
        "Where in the genome the signal lies: the scan of single markers above, what "
        "the model uses below. Linked markers share their signal, so a peak is a "
        "region, not a gene."
    )
    return Section("Variants and genes", "genome", "", intro, tuple(blocks))


def _controls_said(view: View, target: Target) -> Markup:
    return Markup('<p class="note">{}</p>').format(controls_sentence(view, target))


def controls_section(view: View) -> Section | None:
    """Return the decomposition of the network's gain."""
    blocks = per_target(view, {"controls": draw_controls}, _controls_said)
    if not blocks:
        return None
    intro = (
        "How much of the result is the structure of the network, how much the omics, "
        "how much mere capacity? Each [[control]] takes one of them away."
    )
    return Section("Controls", "controls", "", intro, tuple(blocks))
