"""Candidate genes and edits, as hypotheses."""

from __future__ import annotations

import pandas as pd

from meristem.pages.numbers import count, number, percent, significant
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import ACCENT, INK, NULL, WARN
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided

SHOWN = 20
"""Genes, and edits, that are drawn."""


def genes_section(decided: Decided) -> Section | None:
    """Return the genes that make the candidates differ; None without genes."""
    table = decided.genes
    if table.empty:
        return None
    intro = (
        "Share of the variance of the candidates' predicted values that the variants "
        "of a gene make, linkage included, beside what a gene of that kind has by "
        "chance. Markers stand for what is linked to them: these are hypotheses."
    )
    columns = {
        "gene": "gene",
        "n_variant": "variants",
        "share": "share",
        "share_by_chance": "by chance",
        "p_causal": "chance to be causal",
        "lead_variant": "lead variant",
        "favourable_haplotype": "favourable haplotype",
        "frequency": "carriers",
        "frequency_top": "carriers among the best",
        "known_qtl": "known QTL",
        "variant_score": "variant score",
    }
    formats: dict[str, Format] = {
        **dict.fromkeys(("share", "by chance"), percent),
        **dict.fromkeys(("carriers", "carriers among the best"), percent),
        "chance to be causal": significant,
        "variant score": number,
        "variants": count,
    }
    blocks: tuple[Block, ...] = (
        _genes(table),
        str(_table(table, columns, formats, "genes.csv")),
    )
    return Section("Candidate genes", "genes", "", intro, blocks)


def _genes(table: pd.DataFrame) -> Figure:
    shown = table.head(SHOWN)
    names = shown["gene"].tolist()
    rows = draw_rows(
        "Share of the predicted variance by gene",
        names,
        limits([shown["share"], shown["share_by_chance"]], include=[0.0]),
        "share of the variance of the predicted values",
        (label_room(names, 220, pad=26), 20, 12),
        24,
    )
    x, canvas = rows.panel.x, rows.canvas
    start = float(x(0))
    for y, share, chance in zip(
        rows, shown["share"], shown["share_by_chance"], strict=True
    ):
        end, colour = float(x(share)), ACCENT if share > chance else NULL
        canvas.rect(min(start, end), y - 7, abs(end - start), 14, fill=colour)
        bar = float(x(chance))
        canvas.line(bar, y - 9, bar, y + 9, stroke=INK, stroke_width=2)
    caption = (
        "Bars: share; upright lines: the 95 % quantile of shuffled lines. Grey: no "
        "more than that."
    )
    return Figure("selection_genes", canvas.to_svg(), table, caption)


def edits_section(decided: Decided) -> Section | None:
    """Return the edits by expected value; None where none are asked."""
    table = decided.edits
    if table.empty:
        return None
    said = decided.summary["further"].get("edits", [])
    intro = (
        " ".join(f"{line[0].upper()}{line[1:]}." for line in said)
        + " Expected value: value by the model times the chance to be causal."
    )
    columns = {
        "rank": "rank",
        "variant": "variant",
        "gene": "gene",
        "from": "from",
        "to": "to",
        "value": "value",
        "low": "lowest",
        "high": "highest",
        "p_causal": "chance to be causal",
        "expected": "expected",
        "n_lines_lacking": "lines lacking it",
        "in_set": "place in the set",
        "best_line": "line that gains most",
        "synergy_with_first": "synergy with the first",
        "variant_score": "variant score",
        "guide": "guide",
        "pam": "PAM",
        "edit_type": "edit",
        "n_off_targets": "sites elsewhere",
        "specificity": "share of own site",
    }
    numbers = ("value", "lowest", "highest", "synergy with the first")
    formats: dict[str, Format] = {
        **dict.fromkeys(numbers, number),
        "expected": significant,
        "variant score": number,
        "chance to be causal": significant,
        "share of own site": percent,
        **dict.fromkeys(("rank", "lines lacking it", "sites elsewhere"), count),
        "place in the set": _place,
    }
    blocks: tuple[Block, ...] = (
        _edits(table),
        str(_table(table, columns, formats, "edits.csv; edits_by_line.csv has lines")),
    )
    return Section("Edits", "edits", "", intro, blocks)


def _place(value: float) -> str:
    return "" if value == 0 else count(value)


def _edits(table: pd.DataFrame) -> Figure:
    shown = table.head(SHOWN)
    names = [
        f"{variant} {one}>{two}"
        for variant, one, two in zip(
            shown["variant"], shown["from"], shown["to"], strict=True
        )
    ]
    ends = [shown[c] for c in ("low", "high", "expected")]
    rows = draw_rows(
        "Value of the edits",
        names,
        limits(ends, include=[0.0]),
        "change of the index",
        (label_room(names, 260, pad=26), 20, 12),
        24,
    )
    x, canvas = rows.panel.x, rows.canvas
    for y, row in zip(rows, shown.to_dict("records"), strict=True):
        colour = ACCENT if row["in_set"] else NULL
        low, high = float(x(row["low"])), float(x(row["high"]))
        canvas.line(low, y, high, y, stroke=colour, stroke_width=3)
        canvas.circle(float(x(row["value"])), y, 4.5, fill=colour)
        tick = float(x(row["expected"]))
        canvas.line(tick, y - 8, tick, y + 8, stroke=WARN, stroke_width=2)
    caption = (
        "Dots: mean value in the lines that lack the allele; bars: least and greatest "
        "among them; brown: expected value. Green: in the set that is chosen."
    )
    return Figure("selection_edits", canvas.to_svg(), table, caption)


def _table(
    table: pd.DataFrame, columns: dict[str, str], formats: dict[str, Format], name: str
) -> str:
    kept = [c for c in columns if c in table and table[c].notna().any()]
    kept = [c for c in kept if table[c].dtype != object or (table[c] != "").any()]
    shown = table[kept].head(SHOWN).rename(columns=columns)
    present = {k: v for k, v in formats.items() if k in shown}
    note = f"{len(shown)} of {len(table):,}; all are in {name}."
    return table_html(shown, present, note=note)
