"""A simulated crop panel whose promoters carry planted variants: what heads recover.

Inbred lines of `simulate regulatory`; expression is cis alone, measured with error.
Three questions apart: new lines of seen genes, seen lines of new genes, and both new;
r is that with the genetic expression, which no head sees. Permuted: measured values
are dealt to other lines, and r is that with what lines held out were dealt: with their
own genetic expression, r of the one variant of a gene would be near -1 or 1 by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from meristem.config.expression.panel import (
    EmbedConfig,
    ExpressionConfig,
    GenesConfig,
    GenomeConfig,
    VariantsConfig,
)
from meristem.config.stages import RunConfig
from meristem.expression.commands.embed import embed_run
from meristem.expression.heads.catalog import HEADS, default_options, fit_head
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.panel_file import read_panel
from meristem.records import FloatArray
from meristem.runs.destination import Destination
from meristem.runs.folder import RunFolder
from meristem.runs.seeds import derived_rng
from meristem.sequence.simulation.regulatory import (
    RegulatoryConfig,
    RegulatoryPanel,
    simulate_regulatory,
)
from meristem.sequence.simulation.regulatory_files import write_regulatory
from meristem.stats.correlation import columnwise_r

COLUMNS = ("model", "fold", "question", "genes", "median", "mean", "above_0")
FOLDS = 5
N_LINE, N_GENE = 300, 60
PERMUTED = " permuted"


def run_planted(
    out: Path,
    *,
    models: Sequence[str] = (),
    seed: int,
    progress: Progress | None = None,
) -> str:
    """Fit every head on every fold; return the table."""
    settings = {"job": "planted", "seed": seed, "lines": N_LINE, "genes": N_GENE}
    table = open_table(out, settings, COLUMNS, ("model", "fold"))
    truth, panel = simulated(out / "work", seed)
    order = [truth.gene_id.tolist().index(name) for name in panel.genes.tolist()]
    value, genetic = truth.measured[:, order], truth.truth.expression[:N_LINE][:, order]
    rng = derived_rng(seed, "folds")
    line = rng.permutation(N_LINE) % FOLDS
    gene = rng.permutation(panel.genes.size) % FOLDS
    names = [*(models or HEADS), *(f"{one}{PERMUTED}" for one in models or HEADS)]
    cells = [(name, fold) for name in names for fold in range(FOLDS)]

    def work(name: str, fold: int) -> list[Row]:
        own, told = value, genetic
        if name.endswith(PERMUTED):
            own = told = derived_rng(seed, name, fold).permutation(value)
        held = line == fold, gene == fold
        return _cell(panel, own, told, held, name, fold)

    table.fill(cells, work, progress)
    return planted_table(pd.DataFrame(table.rows))


def simulated(work: Path, seed: int) -> tuple[RegulatoryPanel, EmbeddedPanel]:
    """Return the panel and its haplotypes, embedded by their motifs."""
    config = RegulatoryConfig(
        n_train=N_LINE,
        n_test=2,
        n_gene=N_GENE,
        n_variant=4000,
        n_causal_gene=20,
        trans_scale=0.0,
        measured_share=1.0,
    )
    truth = simulate_regulatory(config, rng=derived_rng(seed, "panel"))
    write_regulatory(truth, work / "files", seed=seed, force=True)
    files = work / "files"
    own = ExpressionConfig(
        run=RunConfig(seed=seed),
        genome=GenomeConfig(fasta=files / "genome.fa", annotation=files / "genes.gff3"),
        genes=GenesConfig(upstream=400, downstream=100),
        variants=VariantsConfig(path=files / "genotypes.vcf.gz", inbred=True),
        embed=EmbedConfig(motifs=files / "motifs.meme", bins=5, kmers=()),
    )
    embed_run(own, Destination(work / "embedded"))
    return truth, read_panel(RunFolder.open(work / "embedded"))


def _cell(
    panel: EmbeddedPanel,
    value: FloatArray,
    truth: FloatArray,
    held: tuple[np.ndarray, np.ndarray],  # lines, genes
    name: str,
    fold: int,
) -> list[dict[str, str]]:
    kind = name.removesuffix(PERMUTED)
    new_line, new_gene = held
    seen = value.copy()
    if HEADS[kind].new_genes:
        seen[:, new_gene] = np.nan
    rows = np.flatnonzero(~new_line)
    head = fit_head(
        panel, seen, rows, default_options(kind), derived_rng(fold, "head", kind)
    )
    asked = {"new lines": (np.flatnonzero(new_line), np.flatnonzero(~new_gene))}
    if HEADS[kind].new_genes:
        asked["new genes"] = (rows, np.flatnonzero(new_gene))
        asked["both new"] = (np.flatnonzero(new_line), np.flatnonzero(new_gene))
    found = []
    for question, (lines, genes) in asked.items():
        r = _r(head.predict(panel, lines, genes), truth[np.ix_(lines, genes)])
        found.append(
            {
                "question": question,
                "genes": str(r.size),
                "median": number(float(np.median(r))),
                "mean": number(float(r.mean())),
                "above_0": number(float((r > 0).mean())),
            }
        )
    return found


def _r(predicted: FloatArray, truth: FloatArray) -> FloatArray:
    """Return r by gene, 0 of constant predictions; genes that do not vary are out."""
    r = columnwise_r(predicted, truth)
    return r[~np.isnan(r)]


def planted_table(frame: pd.DataFrame) -> str:
    """Return means over folds in Markdown."""
    numbers = frame.astype({"median": float, "mean": float, "above_0": float})
    grouped = numbers.groupby(["question", "model"], sort=False)
    means = grouped[["median", "mean", "above_0"]].mean().reset_index()
    body = [
        [question, model, f"{median:.3f}", f"{mean:.3f}", f"{above:.2f}"]
        for question, model, median, mean, above in means.to_numpy().tolist()
    ]
    return markdown_table(["question", "head", "median r", "mean r", "r > 0"], body)
