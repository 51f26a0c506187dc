"""Alleles of yeast promoters in a reporter assay, chromosomes left out.

The UpStream library of Renganaath 2020: pairs of a BY and another allele. Both alleles
of the training chromosomes are rows; a pair's predicted logFC is the difference of its
two predictions. Ties count as wrong signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.models import TRAIN, chosen, fit_timed
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.motifs.motif import read_meme
from meristem.sequence.training.fit import Rows
from meristem.stats.bootstrap import draw_counts, percentile_interval, weighted_pearson
from meristem.stats.metrics import pearson

COLUMNS = ("model", "metric", "n", "value", "low", "high", "cpu_seconds")
MOTIFS = Path("motifs") / "jaspar2026" / "fungi.meme.gz"
FOLDS = 8
_DRAWS = 400


def read_pairs(data: Path) -> pd.DataFrame:
    """Return the pairs of the UpStream library."""
    path = data / "sequence" / "yeast_byxrm" / "mpra_pairs.csv.gz"
    pairs = pd.read_csv(path)
    own = pairs[pairs["library"] == "UpStream"]
    return own.dropna(subset=["mean_expr", "logFC"]).reset_index(drop=True)


def run_alleles(
    data: Path, out: Path, *, models: Sequence[str], seed: int, progress: Progress
) -> str:
    """Cross-validate every model by chromosome; return the table in Markdown."""
    table = open_table(
        out, {"seed": seed, "train": TRAIN.model_dump()}, COLUMNS, ("model",)
    )
    pairs, motifs = read_pairs(data), read_meme(data / MOTIFS)
    fold = _folds(pairs, seed)
    length = int(
        max(pairs["ref_seq"].str.len().max(), pairs["alt_seq"].str.len().max())
    )
    ends = [encode(list(pairs[name]), length) for name in ("ref_seq", "alt_seq")]
    half = pairs["logFC"].to_numpy() / 2
    level = pairs["mean_expr"].to_numpy()

    def work(name: str) -> list[Row]:
        guess, spent = np.zeros((2, len(pairs))), 0.0
        for number_of in range(FOLDS):
            out_rows = fold == number_of
            measured = [(level - half)[~out_rows], (level + half)[~out_rows]]
            rows = Rows(
                np.concatenate([end[~out_rows] for end in ends]),
                np.concatenate(measured)[:, None],
                np.tile(_group(pairs)[~out_rows], 2),
            )
            model, seconds = fit_timed(name, rows, ("activity",), motifs, seed)
            spent += seconds
            for side in (0, 1):
                guess[side, out_rows] = model.predict(ends[side][out_rows])[:, 0]
        found = figures(pairs, guess.mean(axis=0), guess[1] - guess[0])
        return [{"cpu_seconds": number(round(spent, 1)), **row} for row in found]

    table.fill([(name,) for name in chosen(models)], work, progress)
    return allele_table(table.rows)


def _group(pairs: pd.DataFrame) -> np.ndarray:
    """Return the group of every pair: start sites in the same 2 kb."""
    place = pairs["TSS_pos"].to_numpy(int) // 2000
    words = pairs["chr"].astype(str) + ":" + pd.Series(place).astype(str)
    return np.unique(words.to_numpy(str), return_inverse=True)[1]


def _folds(pairs: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the fold of every pair: whole chromosomes, of about equal size."""
    size = pairs["chr"].value_counts()
    rng = np.random.default_rng(seed)
    total, fold_of = np.zeros(FOLDS), {}
    for name in size.index:
        fold_of[name] = int(np.argmin(total + 1e-6 * rng.random(FOLDS)))
        total[fold_of[name]] += size[name]
    return pairs["chr"].map(fold_of).to_numpy()


def figures(pairs: pd.DataFrame, level: np.ndarray, change: np.ndarray) -> list[dict]:
    """Return activity r, logFC r of all and of significant pairs, and their sign."""
    truth = pairs["logFC"].to_numpy()
    sure = pairs["fdr"].to_numpy() < 0.05
    right = np.sign(change) == np.sign(truth)
    chrom = pairs["chr"].to_numpy(str)
    rows = [
        _row("activity r", pairs["mean_expr"].to_numpy(), level, chrom),
        _row("logFC r", truth, change, chrom),
        _row("significant logFC r", truth[sure], change[sure], chrom[sure]),
    ]
    n = int(sure.sum())
    share = float(right[sure].mean())
    half = 1.96 * np.sqrt(share * (1 - share) / n)
    sign = {"metric": "significant sign", "n": str(n), "value": number(share)}
    return [*rows, sign | {"low": number(share - half), "high": number(share + half)}]


def _row(metric: str, y: np.ndarray, guess: np.ndarray, unit: np.ndarray) -> dict:
    counts = draw_counts((unit,), _DRAWS, np.random.default_rng(1))
    low, high = percentile_interval(weighted_pearson(counts, y, guess), 0.95)
    return {
        "metric": metric,
        "n": str(len(y)),
        "value": number(pearson(y, guess)),
        "low": number(float(low)),
        "high": number(float(high)),
    }


def allele_table(rows: Sequence[dict[str, str]]) -> str:
    """Return the figures in Markdown, a row per model."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    body = []
    for name in dict.fromkeys(row["model"] for row in rows):
        own = {row["metric"]: row for row in rows if row["model"] == name}
        cells = [
            f"{float(o['value']):.3f} [{float(o['low']):.3f}, {float(o['high']):.3f}]"
            for o in (own[metric] for metric in metrics)
        ]
        body.append([name, *cells, f"{float(own[metrics[0]]['cpu_seconds']):.0f}"])
    return markdown_table(["model", *metrics, "CPU s"], body)
