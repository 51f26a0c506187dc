"""The command `explain`: which variants of which promoters carry the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config.expression.heads import HeadOptions
from meristem.config.expression.panel import ExpressionConfig
from meristem.errors import ConfigError, DataError
from meristem.expression.commands.embed import embed_panel
from meristem.expression.commands.haplotypes import expression_run
from meristem.expression.commands.inputs import (
    PanelInputs,
    panel_embedder,
    read_panel_inputs,
)
from meristem.expression.haplotypes.singles import single_variants
from meristem.expression.heads.attribution import COLUMNS, attribute_gene
from meristem.expression.heads.catalog import HEADS, fit_head
from meristem.expression.heads.figure import draw_promoter
from meristem.expression.panel import EmbeddedPanel
from meristem.pages.numbers import fixed, percent
from meristem.pages.page import Card, Figure, Page, Section, write_page
from meristem.pages.table import table_html
from meristem.records import FloatArray, IntArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.seeds import derived_rng

TABLE, REPORT = "attributions.csv", "report.html"
_DRAWN = 12
_LISTED = 100


@in_locked_folder
def explain_expression(
    config: ExpressionConfig,
    to: Destination,
    options: HeadOptions,
    genes: Sequence[str] = (),
) -> Path:
    """Fit a head on all measured lines, and say what carries its predictions.

    Parameters
    ----------
    config
        As of `embed`, with measured expression; what was embedded for it is used.
    options
        Which head.
    genes
        Genes to explain; none: all, of which those with the largest spread of the
        prediction are drawn.

    Raises
    ------
    MeristemError
        If there is no expression, a gene is not in the panel, or an input is wrong.
    """
    if config.expression is None:
        raise ConfigError(
            "has no [expression] section, so no head can be fitted",
            where="expression",
            remedy="name a table of measured expression",
        )
    if config.embed.cache is None:
        cache = config.run.out / "work" / "embeddings"
        embed = config.embed.model_copy(update={"cache": cache})
        config = config.model_copy(update={"embed": embed})
    run = expression_run(config, to)
    run.folder.refuse_foreign((TABLE, REPORT))
    inputs = read_panel_inputs(config, to.notify)
    run.write(finished=False)
    _, panel = embed_panel(run, config, inputs, to.notify)
    chosen = _places(panel, genes)
    value = panel_expression(panel, inputs)
    rows = np.flatnonzero(~np.isnan(value).all(axis=1))
    with run.timed("fit"):
        rng = derived_rng(config.run.seed, options.kind)
        head = fit_head(panel, value, rows, options, rng)
    embedder = panel_embedder(config, inputs)
    tables = []
    for done, gene in enumerate(chosen):
        window = inputs.genes.windows[gene]
        singles = single_variants(inputs.genome, inputs.calls, inputs.genes, window)
        tables.append(attribute_gene(head, panel, gene, singles, embedder, rows))
        to.notify("genes", done + 1, len(chosen))
    filled = [table for table in tables if len(table)]
    whole = (
        pd.concat(filled, ignore_index=True)
        if filled
        else pd.DataFrame(columns=COLUMNS)
    )
    run.folder.write_table(TABLE, whole)
    page = _page(config, options, whole, panel)
    return run.finish(lambda folder: write_page(folder, page))


def panel_expression(
    panel: EmbeddedPanel, inputs: PanelInputs
) -> FloatArray:  # (n_line, n_gene) NaN where not measured
    """Return measured expression in the order of the panel.

    Raises
    ------
    DataError
        If no line is measured.
    """
    table = inputs.expression
    value = np.full((panel.lines.size, panel.genes.size), np.nan)
    if table is None:
        return value
    line = {str(name): i for i, name in enumerate(table.sample_id)}
    column = {str(name): i for i, name in enumerate(table.node_name)}
    own = [line.get(str(name), -1) for name in panel.lines]
    if max(own) < 0:
        raise DataError(
            f"measures none of the {panel.lines.size} lines with variants "
            f"({', '.join(map(str, panel.lines[:3]))}, ...)",
            where=table.source,
            remedy="name lines alike in both files",
        )
    features = [column.get(str(name), -1) for name in panel.genes]
    there, known = np.array(own) >= 0, np.array(features) >= 0
    picked = table.value[np.ix_(np.array(own)[there], np.array(features)[known])]
    value[np.ix_(there, known)] = picked
    return value


def _places(panel: EmbeddedPanel, genes: Sequence[str]) -> IntArray:
    known = {str(name): i for i, name in enumerate(panel.genes)}
    absent = [name for name in genes if name not in known]
    if absent:
        raise ConfigError(
            f"there is no gene {absent[0]!r} in the panel",
            where="--gene",
            remedy=f"name genes as the annotation does: {', '.join(list(known)[:4])}",
        )
    places = [known[name] for name in genes] or list(range(panel.genes.size))
    return np.array(places, np.int64)


def _page(
    config: ExpressionConfig,
    options: HeadOptions,
    table: pd.DataFrame,
    panel: EmbeddedPanel,
) -> Page:
    spread = table.groupby("gene", sort=False)["variance"].sum().sort_values()
    drawn = spread[spread > 0].index[::-1][:_DRAWN]
    window = (-config.genes.upstream, config.genes.downstream - 1)
    figures: list[Figure] = [
        draw_promoter(table[table["gene"] == gene], window) for gene in drawn
    ]
    first = table.drop_duplicates("gene")
    carried = first[first["variance"] > 0]
    shown = table.sort_values("variance", ascending=False, kind="stable").head(_LISTED)
    listed = table_html(
        shown,
        formats={
            "effect": lambda v: fixed(v, 3),
            "frequency": lambda v: fixed(v, 2),
            "variance": lambda v: fixed(v, 4),
            "share": percent,
        },
        note=f"All {len(table)} are in {TABLE}.",
    )
    half = float((carried["share"] > 0.5).mean()) if len(carried) else 0.0
    return Page(
        title=config.run.title,
        question=config.run.question,
        kicker="Personal expression",
        cards=(
            Card("genes with an effect", str(len(carried)), f"of {panel.genes.size}"),
            Card(
                "one variant carries most",
                percent(half),
                "of them: above half of the variance",
            ),
        ),
        lead='<p class="intro">A head (' + HEADS[options.kind].label + ") was fitted "
        "on all measured lines. Each variant was then put alone into the reference "
        "promoter, and the prediction compared. Variants that travel together cannot "
        "be told apart by expression: of these, the embedder decides.</p>",
        sections=(
            Section("Promoters", "promoters", blocks=tuple(figures)),
            Section("Variants", "variants", html=str(listed)),
        ),
        glossary=False,
    )
