"""DeepSTARR and lentiMPRA samples, groups left out; beside the best k-mer ridge.

The best of five, words of 3, 4, 5 and 6 bases and of 4 and 5 together, is chosen for
each task on the very rows that are tested: it is no weaker than what a user finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.models import TRAIN, chosen, fit_timed
from meristem.sequence.inputs.measured import MeasuredSequences, Source, read_measured
from meristem.sequence.inputs.onehot import OneHot, encode
from meristem.sequence.inputs.splits import Division, divide
from meristem.sequence.motifs.motif import Motif, read_meme
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
WORDS = ("kmer", "kmer 3", "kmer 4", "kmer 5", "kmer 6")
FOLDS = 5
_DRAWS = 400


def run_enhancers(
    data: Path, out: Path, *, models: Sequence[str], seed: int, progress: Progress
) -> str:
    """Cross-validate every model; return the table in Markdown.

    The motifs are those of plants: the data folder has none of animals. Families of
    transcription factors are shared between kingdoms in part.
    """
    table = open_table(
        out, {"seed": seed, "train": TRAIN.model_dump()}, COLUMNS, ("set", "model")
    )
    names = chosen(models)
    motifs = read_meme(data / MOTIFS)
    total, done = len(SETS) * (len(WORDS) + len(names)), 0
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
        held: dict[str, np.ndarray] = {}
        seconds: dict[str, float] = {}
        for name in (*WORDS, *(n for n in names if n not in WORDS)):
            kept = out / "held_out" / f"{title} {name}.npz"
            if not kept.exists():
                kept.parent.mkdir(exist_ok=True)
                found = _held_out(name, rows, onehot, division, motifs, seed)
                np.savez(kept, guess=found[0], seconds=found[1])
            stored = np.load(kept)
            held[name], seconds[name] = stored["guess"], float(stored["seconds"])
            done += 1
            progress(done, total)
        for name in held:
            if not table.holds({"set": title, "model": name}):
                table.add(
                    {
                        "set": title,
                        "model": name,
                        "task": task,
                        "cpu_seconds": number(round(seconds[name], 1)),
                        **_figures(rows, place, name, held),
                    }
                    for place, task in enumerate(rows.tasks)
                )
    return enhancer_table(table.rows)


def _held_out(
    name: str,
    rows: MeasuredSequences,
    onehot: OneHot,
    division: Division,
    motifs: Sequence[Motif],
    seed: int,
) -> tuple[np.ndarray, float]:
    """Return predictions (n, n_task) of rows left out, and CPU seconds."""
    guess, spent = np.full(rows.value.shape, np.nan), 0.0
    for split in division.split:
        train = Rows(
            onehot[split.train], rows.value[split.train], division.unit[split.train]
        )
        model, seconds = fit_timed(name, train, rows.tasks, motifs, seed)
        guess[split.test] = model.predict(onehot[split.test])
        spent += seconds
    return guess, spent


def _figures(
    rows: MeasuredSequences, place: int, name: str, held: dict[str, np.ndarray]
) -> dict[str, str]:
    """Return r of a model, and its difference to the best ridge on words."""
    y, guess, group = rows.value[:, place], held[name][:, place], rows.group
    known = np.isfinite(y) & np.isfinite(guess)
    words = [held[word][:, place] for word in WORDS if word in held]
    base = max(words, key=lambda own: pearson(y[known], own[known]))
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
    head = ["set", "task", "model", "r", "against the best words", "CPU s"]
    return markdown_table(head, body)
