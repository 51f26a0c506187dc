"""What the network finds, beside what GWAS and TWAS find in the same data."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, number, p_value
from meristem.pages.page import Section
from meristem.pages.table import table_html
from meristem.report.figures.genes.enrichment import draw_enrichment
from meristem.report.figures.genes.evidence import LEVEL, draw_evidence
from meristem.report.per_target import per_target
from meristem.report.view import Target, View

MOST_ROWS = 40

_COLUMNS = {
    "gene": "gene",
    "found_by": "found by",
    "rank": "rank of sensitivity",
    "sensitivity": "sensitivity",
    "network_p": "network p",
    "network_q": "network q",
    "null_q": "q against shuffled labels",
    "gwas_p": "GWAS p",
    "gwas_q": "GWAS q",
    "gwas_variant": "best variant",
    "twas_p": "TWAS p",
    "twas_q": "TWAS q",
    "agreement": "agreement",
}


def evidence_section(view: View) -> Section | None:
    """Return genes by method, with the evidence for each."""
    blocks = per_target(view, {"evidence": draw_evidence}, _below)
    if not blocks:
        return None
    intro = (
        "The same data asked three ways. A gene that only the network finds may be a "
        "real gain (small effects that act together, effects through a pathway) or "
        "borrowed from its neighbours in the graph: look at its other evidence before "
        "you follow it up."
    )
    title = "Genes by network, GWAS and TWAS"
    return Section(title, "evidence", "", intro, tuple(blocks))


def _below(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.evidence, target)
    return _counts(rows) + _table(view, rows)


def _counts(rows: pd.DataFrame) -> Markup:
    found = rows[rows["found_by"] != ""]["found_by"].value_counts()
    if found.empty:
        text = (
            f"No method finds a gene at a q value of {LEVEL:g} among {len(rows):,} "
            "genes of the network."
        )
        return Markup('<p class="note">{}</p>').format(text)
    frame = pd.DataFrame(
        {
            "found by": [_words(str(methods)) for methods in found.index],
            "genes": found.to_numpy(),
        }
    )
    note = f"At a q value of {LEVEL:g}, of {len(rows):,} genes in the network."
    return table_html(frame, {"genes": count}, sortable=False, note=note)


def _words(methods: str) -> str:
    """Return `network;gwas` as people say it.

    Examples
    --------
    >>> _words("network"), _words("gwas;twas")
    ('network alone', 'GWAS and TWAS')
    """
    names = {"network": "network", "gwas": "GWAS", "twas": "TWAS"}
    said = [names.get(method, method) for method in methods.split(";")]
    return " and ".join(said) if len(said) > 1 else f"{said[0]} alone"


def _table(view: View, rows: pd.DataFrame) -> Markup:
    found = rows[rows["found_by"] != ""]
    shown = (found if not found.empty else rows).head(MOST_ROWS)
    kept = {old: new for old, new in _COLUMNS.items() if old in shown}
    shown = shown[list(kept)].rename(columns=kept).dropna(axis=1, how="all")
    if view.node_label:
        readable = [view.node_name(str(gene)) for gene in shown["gene"]]
        if readable != shown["gene"].tolist():
            shown.insert(1, "name", readable)
    formats = {new: p_value for new in kept.values() if new.endswith((" p", " q"))}
    formats |= {
        "q against shuffled labels": p_value,
        "sensitivity": number,
        "agreement": fixed,
        "rank of sensitivity": count,
    }
    present = {name: form for name, form in formats.items() if name in shown}
    note = f"{len(shown)} of {len(rows):,} genes; all are in evidence.csv."
    return Markup(
        "<details><summary>The evidence for each gene</summary>"
        '<div class="inside">{}</div></details>'
    ).format(table_html(shown, present, note=note))


def enrichment_section(view: View) -> Section | None:
    """Return the terms that hold many of the genes that matter."""
    blocks = per_target(view, {"enrichment": draw_enrichment}, _terms)
    if not blocks:
        return None
    intro = (
        "Do the genes that matter belong together? Each term of the graph is tested "
        "for high-ranking genes, by each method."
    )
    return Section("Enriched terms", "enrichment", "", intro, tuple(blocks))


def _terms(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.enrichment, target)
    wanted = ["term", "label", "method", "n_genes", "score", "p", "q", "genes"]
    present = [column for column in wanted if column in rows]
    shown = rows[present].head(MOST_ROWS)
    headings: dict[str, str | Markup] = {
        "n_genes": "genes of the term",
        "genes": "highest genes",
    }
    if "genes" in shown:
        shown = shown.assign(genes=shown["genes"].str.replace(";", ", ", regex=False))
    if "label" in shown and (shown["label"] == shown["term"]).all():
        shown = shown.drop(columns="label")
    formats = {"n_genes": count, "score": fixed, "p": p_value, "q": p_value}
    note = f"{len(shown)} of {len(rows):,} tests; all are in enrichment.csv."
    return Markup(
        "<details><summary>All numbers of the top terms</summary>"
        '<div class="inside">{}</div></details>'
    ).format(table_html(shown, formats, headings, note=note))
