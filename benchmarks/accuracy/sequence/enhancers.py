"""DeepSTARR and lentiMPRA samples, groups left out; beside the best k-mer ridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import CellTable, number, open_folder
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.models import TRAIN, chosen, fit_timed
from meristem.sequence.inputs.measured import Source, read_measured
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.inputs.splits import divide
from meristem.sequence.motifs.motif import read_meme
from meristem.sequence.training.fit import Rows
from meristem.stats.bootstrap import draw_counts, percentile_interval, weighted_pearson
from meristem.stats.metrics import pearson

COLUMNS = (
    "set", "model", "task", "n", "value", "low", "high", "difference",
    "difference_low", "difference_high", "cpu_seconds",
)  # fmt: skip
MOTIFS = Path("motifs") / "jaspar2026" / "plants.meme.gz"
SETS = {
    "DeepSTARR": (
        "deepstarr_sample",
        {"developmental": "Dev_log2_enrichment", "housekeeping": "Hk_log2_enrichment"},
    ),
    "lentiMPRA": ("lentimpra_sample", {"activity": "mean_value"}),
}
FOLDS = 5
_DRAWS = 400


def run_enhancers(
    data: Path,
    out: Path,
    *,
    models: Sequence[str],
    seed: int,
    command: str,
    progress: Callable[[int, int], None],
) -> str:
    """Cross-validate every model; return the table in Markdown.

    The motifs are those of plants: the data folder has none of animals. Families of
    transcription factors are shared between kingdoms in part.
    """
    open_folder(out, {"seed": seed, "train": TRAIN.model_dump()}, command)
    table = CellTable(out / "results.csv", COLUMNS, ("set", "model"))
    names = chosen(models)
    motifs = read_meme(data / MOTIFS)
    total, done = len(SETS) * len(names), 0
    for title, (folder, tasks) in SETS.items():
        path = data / "sequence" / folder / "sample.csv.gz"
        rows = read_measured([Source(path, tasks, group="group")])
        division = divide(
            rows,
            "group",
            folds=FOLDS,
            replicates=1,
            tested=0,
            identity=0.8,
            rng=np.random.default_rng(seed),
        )
        onehot = encode(rows.sequence)
        base: np.ndarray | None = None
        for name in ("kmer", *(n for n in names if n != "kmer")):
            done += 1
            if table.holds({"set": title, "model": name}) and name != "kmer":
                continue
            guess, spent = np.full(rows.value.shape, np.nan), 0.0
            for split in division.split:
                train = Rows(
                    onehot[split.train], rows.value[split.train],
                    division.unit[split.train],
                )  # fmt: skip
                model, seconds = fit_timed(name, train, rows.tasks, motifs, seed)
                guess[split.test] = model.predict(onehot[split.test])
                spent += seconds
            base = guess if base is None else base
            if not table.holds({"set": title, "model": name}):
                table.add(
                    {
                        "set": title,
                        "model": name,
                        "task": task,
                        "cpu_seconds": number(round(spent, 1)),
                        **_figures(
                            rows.value[:, place], guess[:, place], base[:, place],
                            rows.group,
                        ),
                    }
                    for place, task in enumerate(rows.tasks)
                )  # fmt: skip
            progress(done, total)
    return enhancer_table(table.rows)


def _figures(
    y: np.ndarray, guess: np.ndarray, base: np.ndarray, group: np.ndarray
) -> dict[str, str]:
    there = np.isfinite(y) & np.isfinite(guess)
    y, guess, base, group = y[there], guess[there], base[there], group[there]
    counts = draw_counts((group.astype(str),), _DRAWS, np.random.default_rng(1))
    own, other = (weighted_pearson(counts, y, x) for x in (guess, base))
    low, high = percentile_interval(own, 0.95)
    less, more = percentile_interval(own - other, 0.95)
    return {
        "n": str(len(y)),
        "value": number(pearson(y, guess)),
        "low": number(float(low)),
        "high": number(float(high)),
        "difference": number(pearson(y, guess) - pearson(y, base)),
        "difference_low": number(float(less)),
        "difference_high": number(float(more)),
    }


def enhancer_table(rows: Sequence[dict[str, str]]) -> str:
    """Return the figures in Markdown."""
    body = [
        [
            row["set"],
            row["task"],
            row["model"],
            f"{float(row['value']):.3f} [{float(row['low']):.3f}, "
            f"{float(row['high']):.3f}]",
            f"{float(row['difference']):+.3f} [{float(row['difference_low']):+.3f}, "
            f"{float(row['difference_high']):+.3f}]",
            f"{float(row['cpu_seconds']):.0f}",
        ]
        for row in rows
    ]
    head = ["set", "task", "model", "r", "against k-mers", "CPU s"]
    return markdown_table(head, body)
