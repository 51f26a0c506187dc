"""A simulated crop panel whose genes each have their own motif-changing variants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from meristem.config.read import read_expression_config, read_expression_run
from meristem.expression.commands.embed import embed_run
from meristem.expression.commands.train import train_run
from meristem.expression.questions.scores import compare
from meristem.runs.destination import Destination
from meristem.sequence.simulation.regulatory import (
    RegulatoryConfig,
    RegulatoryPanel,
    simulate_regulatory,
)
from meristem.sequence.simulation.regulatory_files import write_regulatory
from meristem.stats.intervals import mean_interval

COLUMNS = ("seed", "question", "model", "genes", "statistic", "value")
PANEL = RegulatoryConfig(
    n_train=300,
    n_test=20,
    n_gene=60,
    n_causal_gene=30,
    n_variant=4000,
    gene_gap=4000,
    trans_scale=0.0,
    reliability=0.95,
    measured_share=1.0,
)
CONFIG = """
[run]
out = "run"
[genome]
fasta = "panel/genome.fa"
annotation = "panel/genes.gff3"
[genes]
upstream = 400
downstream = 60
[variants]
path = "panel/genotypes.vcf.gz"
inbred = true
[expression]
path = "panel/expression.parquet"
[embed]
motifs = "panel/motifs.meme"
kmers = []
[train]
window = 2000
models = ["cis_elastic_net", "cis_polygenic"]
[[train.heads]]
kind = "elastic_net"
[[train.heads]]
kind = "shared_ridge"
"""
THREE_QUESTIONS = (
    CONFIG.replace(', "cis_polygenic"]', "]\npermutations = 0")
    + '[[train.heads]]\nkind = "transformer"\n'
)
HEAD = "head_transformer"


def run_simulated(
    out: Path, *, seeds: Sequence[int], job: str = "simulated", config: str = CONFIG
) -> str:
    """Run `embed` and `train` on panels of 300 lines; genes with a planted change.

    The table holds median and mean r (within five folds) over the genes whose promoter
    carries a variant that changes their expression.
    """
    table = open_table(out, {"job": job, "config": config}, COLUMNS, COLUMNS[:-1])
    for seed in seeds:
        if table.of({"seed": str(seed)}):
            continue
        panel = simulate_regulatory(PANEL, rng=np.random.default_rng(seed))
        scores = _scores(panel, out / "work" / str(seed), seed, config)
        genes = planted_genes(panel)
        table.add(rows_of(scores, genes, seed) + ahead_of(scores, genes, seed))
    return simulated_table(pd.DataFrame(table.rows))


def simulated_table(frame: pd.DataFrame) -> str:
    """Return means over panels, and what the transformer has above every other model.

    The interval is over the genes of one panel, of several (t) over the panels.
    """
    value = frame.assign(value=frame["value"].astype(float))
    keys = ["question", "model", "seed", "statistic"]
    wide = value.set_index(keys)["value"].unstack("statistic")
    names = dict.fromkeys(zip(value["question"], value["model"], strict=True))
    body = []
    for question, model in names:
        if model.startswith(f"{HEAD} minus"):
            continue
        own, gap = wide.loc[(question, model)], ""
        if (question, f"{HEAD} minus {model}") in names:
            ahead = wide.loc[(question, f"{HEAD} minus {model}")]
            mean, low, high = mean_interval(ahead["difference"].to_numpy())
            if len(ahead) == 1:
                low, high = ahead[["low", "high"]].iloc[0]
            gap = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        cells = [f"{own[name].mean():.3f}" for name in ("median", "mean")]
        body.append([question, model, *cells, gap])
    head = ["question", "model", "median r", "mean r", "transformer minus it"]
    return markdown_table(head, body)


def planted_genes(panel: RegulatoryPanel) -> list[str]:
    """Return the genes that a variant of their promoter acts on."""
    return panel.gene_id[np.unique(panel.truth.variant_gene)].tolist()


def rows_of(
    scores: pd.DataFrame, genes: Sequence[str], seed: int
) -> list[dict[str, str]]:
    """Return median and mean r of every question and model over some genes."""
    rows = []
    own = scores[scores["gene"].isin(genes)]
    for (question, model), part in own.groupby(["question", "model"], sort=False):
        r = part["r"].fillna(0.0)
        for name, value in (("median", r.median()), ("mean", r.mean())):
            cell = (str(seed), str(question), str(model), str(len(part)), name)
            rows.append(dict(zip(COLUMNS, (*cell, number(float(value))), strict=True)))
    return rows


def ahead_of(
    scores: pd.DataFrame, genes: Sequence[str], seed: int
) -> list[dict[str, str]]:
    """Return mean differences in r to the transformer, intervals over the genes."""
    own = scores[scores["gene"].isin(genes)]
    each = pd.Series(own["gene"].unique(), own["gene"].unique())
    rows = []
    for pair in compare(own, each, np.random.default_rng(seed)).to_dict("records"):
        if pair["model"] != HEAD:
            continue
        name = f"{HEAD} minus {pair['against']}"
        for statistic in ("difference", "low", "high"):
            cell = (str(seed), pair["question"], name, str(pair["genes"]), statistic)
            value = number(float(pair[statistic]))
            rows.append(dict(zip(COLUMNS, (*cell, value), strict=True)))
    return rows


def _scores(
    panel: RegulatoryPanel, folder: Path, seed: int, config: str
) -> pd.DataFrame:
    folder.mkdir(parents=True, exist_ok=True)
    write_regulatory(panel, folder / "panel", seed=seed, force=True)
    path = folder / "expression.toml"
    path.write_text(config, "utf-8")
    embed_run(read_expression_config(path), Destination(folder / "run"))
    train_run(read_expression_run(path), Destination(folder / "run"))
    return pd.read_csv(folder / "run" / "scores.csv")
