"""Heads on embedded haplotypes of yeast: the 241 genes with a strong local eQTL.

Every head reads the same numbers: occupancies of 193 fungal motifs, counts of 4-mers,
and the predictions of two models that saw random promoters alone. Lines are 109
segregants, values the mean of two media. New lines, new genes (by chromosome), both.
Beside them the sequence models without expression, and the elastic net on markers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import CellTable, Progress, open_folder, untold
from benchmarks.accuracy.expression.new_genes import (
    BINS,
    DOWNSTREAM,
    UPSTREAM,
    measured_mean,
    random_dna_models,
    segregants,
)
from benchmarks.accuracy.expression.yeast import STRONG, read_cross
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.promoters import MOTIFS
from meristem.config.expression.heads import HeadOptions
from meristem.config.expression.training import PreprocessOptions
from meristem.expression.embedding.cache import embed_distinct
from meristem.expression.embedding.motif import MotifEmbedder
from meristem.expression.heads.catalog import default_options
from meristem.expression.lines import ExpressionLines
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.questions.fit import run_holdout
from meristem.expression.questions.head_fit import run_head_holdout
from meristem.expression.questions.holdouts import Holdout, gene_holdouts, line_holdouts
from meristem.expression.questions.scores import compare, gene_scores
from meristem.runs.keys import digest
from meristem.runs.tasks import Arrays, Task, run_tasks
from meristem.sequence.motifs.motif import read_meme

COLUMNS = (
    "question",
    "model",
    "against",
    "genes",
    "median",
    "mean",
    "low",
    "high",
    "p",
)
HEADS = ("zero_shot", "ridge", "elastic_net", "shared_ridge", "transformer")
NEW_GENES = ("zero_shot", "shared_ridge", "transformer")
MARKERS = "markers: cis_elastic_net"


def run_heads(
    out: Path, data: Path, *, repeats: int, seed: int, progress: Progress = untold
) -> str:
    """Fit every head on every holdout; return medians and paired differences."""
    settings = {"job": "heads", "seed": seed, "repeats": repeats, "bins": BINS}
    open_folder(out, settings)
    lines, panel = _inputs(data, out / "work", seed)
    n_line, n_gene = lines.value.shape
    held = line_holdouts(n_line, n_gene, folds=5, repeats=repeats, seed=seed)
    held += gene_holdouts(lines.contig, n_line, folds=5, seed=seed)
    work = [(one, name) for one in held for name in _asked(one)]
    tasks = [_task(lines, panel, one, name, seed) for one, name in work]
    results: dict[int, Arrays] = {}
    for k, arrays in run_tasks(tasks, folder=out / "work" / "fits"):
        results[k] = arrays
        progress(len(results), len(tasks))
    scores = _scores(work, results, lines)
    table = CellTable(out / "results.csv", COLUMNS, ("question", "model", "against"))
    table.rows = []
    contig = pd.Series(lines.contig, index=lines.gene)
    table.add(_rows(scores, compare(scores, contig, np.random.default_rng(1))))
    return heads_table(pd.DataFrame(table.rows))


def _asked(held: Holdout) -> tuple[str, ...]:
    return (MARKERS, *HEADS) if held.question == "new_lines" else NEW_GENES


def _task(
    lines: ExpressionLines, panel: EmbeddedPanel, held: Holdout, name: str, seed: int
) -> Task:
    plain = PreprocessOptions()
    label = f"{held.question}-{held.repeat}-{held.fold}-{name.split()[-1]}"
    key = digest(lines.gene, lines.value, panel.embedding, held, name, seed)
    if name == MARKERS:
        told = (lines, held, "cis_elastic_net", plain, 4, seed)
        return Task(label, key, run_holdout, told)
    options: HeadOptions | None = None
    if name != "zero_shot":
        options = default_options(name)
    return Task(
        label, key, run_head_holdout, (lines, panel, held, options, plain, seed)
    )


def _inputs(data: Path, work: Path, seed: int) -> tuple[ExpressionLines, EmbeddedPanel]:
    """Return lines of the genes with a strong local eQTL, and their embeddings."""
    cross = read_cross(data, "glucose")
    models = random_dna_models(data, work / "models", seed)
    names = cross.lines.gene[cross.lod > STRONG].tolist()
    panel, sequences = segregants(data, models, work, names)
    embedder = MotifEmbedder(
        UPSTREAM + DOWNSTREAM, BINS, tuple(read_meme(data / MOTIFS)), (4,), 5.0
    )
    known = np.empty((len(sequences), BINS * embedder.channels.size), np.float32)
    embed_distinct(embedder, sequences, known, folder=work)
    told = panel.embedding.reshape(len(sequences), BINS, -1)
    both = np.concatenate([known.reshape(len(sequences), BINS, -1), told], axis=2)
    panel = replace(
        panel,
        embedding=both.reshape(len(sequences), -1),
        channels=np.concatenate([embedder.channels, panel.channels]),
    )
    place = {name: k for k, name in enumerate(cross.lines.gene.tolist())}
    lines = cross.lines.take_genes(np.array([place[g] for g in panel.genes.tolist()]))
    row = {name: k for k, name in enumerate(panel.lines.tolist())}
    order = np.array([row[name] for name in lines.genotypes.sample_id.tolist()])
    value = measured_mean(data, panel)[order]
    return replace(lines, value=value, published=None), panel


def _scores(
    work: list[tuple[Holdout, str]], results: dict[int, Arrays], lines: ExpressionLines
) -> pd.DataFrame:
    frames = []
    for pair in dict.fromkeys((held.question, name) for held, name in work):
        own = [
            (held, results[k])
            for k, (held, name) in enumerate(work)
            if (held.question, name) == pair
        ]
        frame = gene_scores(own, lines.gene)
        frame.insert(0, "question", pair[0])
        frame.insert(1, "model", pair[1])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _rows(scores: pd.DataFrame, pairs: pd.DataFrame) -> list[dict[str, str]]:
    rows = []
    for (question, model), own in scores.groupby(["question", "model"], sort=False):
        r = own["r"].fillna(0.0)
        cell = {"question": str(question), "model": str(model), "against": ""}
        cell |= {"genes": str(len(r)), "low": "", "high": "", "p": ""}
        rows.append(cell | {"median": number(r.median()), "mean": number(r.mean())})
    for row in pairs.to_dict("records"):
        cell = {name: str(row[name]) for name in ("question", "model", "against")}
        cell |= {name: number(float(row[name])) for name in ("low", "high", "p")}
        cell |= {"genes": str(row["genes"]), "median": ""}
        rows.append(cell | {"mean": number(float(row["difference"]))})
    return rows


def heads_table(frame: pd.DataFrame) -> str:
    """Return medians, means, and differences to the transformer, in Markdown."""
    body = []
    pairs = {
        (pair["question"], pair["model"], pair["against"]): pair
        for pair in frame[frame["against"] != ""].to_dict("records")
    }
    for row in frame[frame["against"] == ""].to_dict("records"):
        key = (row["question"], "transformer", row["model"])
        gap = ""
        if key in pairs:
            pair = pairs[key]
            low, high = float(pair["low"]), float(pair["high"])
            gap = f"{float(pair['mean']):+.3f} [{low:+.3f}, {high:+.3f}]"
        medians = [f"{float(row[name]):.3f}" for name in ("median", "mean")]
        body.append([row["question"], row["model"], *medians, gap])
    head = ["question", "model", "median r", "mean r", "transformer minus it"]
    return markdown_table(head, body)
