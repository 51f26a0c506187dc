"""What the network finds, beside what GWAS and TWAS find in the same data."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, number, p_value
from meristem.pages.table import folded, table_html
from meristem.report.columns import Columns, add_names, folded_columns
from meristem.report.figures.genes.enrichment import draw_enrichment
from meristem.report.figures.genes.gene_evidence import LEVEL, draw_gene_evidence
from meristem.report.per_target import TargetSection
from meristem.report.view import Target, View

MOST_ROWS = 40

_COLUMNS: Columns = {
    "gene": ("gene", None),
    "name": ("name", None),
    "found_by": ("found by", None),
    "rank": ("rank of sensitivity", count),
    "sensitivity": ("sensitivity", number),
    "network_p": ("network p", p_value),
    "network_q": ("network q", p_value),
    "null_q": ("q against shuffled labels", p_value),
    "gwas_p": ("GWAS p", p_value),
    "gwas_q": ("GWAS q", p_value),
    "gwas_variant": ("best variant", None),
    "twas_p": ("TWAS p", p_value),
    "twas_q": ("TWAS q", p_value),
    "agreement": ("agreement", fixed),
}


def _below(view: View, target: Target) -> Markup:
    rows = view.of(view.artefacts.evidence, target)
    return _counts(rows) + _table(view, rows)


def _counts(rows: pd.DataFrame) -> Markup:
    methods_found = rows[rows["found_by"] != ""]["found_by"].value_counts()
    if methods_found.empty:
        text = (
            f"No method finds a gene at a q value of {LEVEL:g} among {len(rows):,} "
            "genes of the network."
        )
        return Markup('<p class="note">{}</p>').format(text)
    frame = pd.DataFrame(
        {
            "found by": [_words(str(methods)) for methods in methods_found.index],
            "genes": methods_found.to_numpy(),
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
    readable = [names.get(method, method) for method in methods.split(";")]
    return " and ".join(readable) if len(readable) > 1 else f"{readable[0]} alone"


def _table(view: View, rows: pd.DataFrame) -> Markup:
    discovered = rows[rows["found_by"] != ""]
    shown = (discovered if not discovered.empty else rows).head(MOST_ROWS)
    note = f"{len(shown)} of {len(rows):,} genes; all are in evidence.csv."
    shown = add_names(view, shown, "gene")
    return folded_columns("The evidence for each gene", shown, _COLUMNS, note)


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
    table = table_html(shown, formats, headings, note=note)
    return folded("All numbers of the top terms", table)


gene_evidence_section = TargetSection(
    "Genes by network, GWAS and TWAS",
    "evidence",
    "The same data asked three ways. A gene that only the network finds may be a real "
    "gain (small effects that act together, effects through a pathway) or borrowed "
    "from its neighbours in the graph: look at its other evidence before you follow it "
    "up.",
    {"evidence": draw_gene_evidence},
    _below,
)
enrichment_section = TargetSection(
    "Enriched terms",
    "enrichment",
    "Do the genes that matter belong together? Each term of the graph is tested for "
    "high-ranking genes, by each method.",
    {"enrichment": draw_enrichment},
    _terms,
)
