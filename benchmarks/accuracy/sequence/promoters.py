"""Native yeast promoters, predicted by models that saw random DNA alone.

Trained on `random_complex` (Vaishnav 2022) and the demonstration part of DREAM 2022,
each centred: they are on other scales. Random promoters whose checksum is divisible by
ten are held out; copies of test sequences, on any strand, train nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.models import TRAIN, chosen, fit_timed
from meristem.sequence.commands.fitting import centre_sources
from meristem.sequence.inputs.identity import cluster_copies
from meristem.sequence.inputs.measured import Source, read_measured
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import restore_model
from meristem.sequence.models.options import StackOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.stack import Stack
from meristem.sequence.motifs.motif import Motif, read_meme
from meristem.sequence.scores import within_groups
from meristem.sequence.training.fit import Rows
from meristem.stats.bootstrap import draw_counts, percentile_interval, weighted_pearson
from meristem.stats.metrics import pearson

COLUMNS = ("model", "test", "metric", "n", "value", "low", "high", "cpu_seconds")
LENGTH = 112
MOTIFS = Path("motifs") / "jaspar2026" / "fungi.meme.gz"
_DRAWS = 400


def run_promoters(
    data: Path, out: Path, *, models: Sequence[str], seed: int, progress: Progress
) -> str:
    """Fit and test every model; return the table in Markdown."""
    table = open_table(
        out, {"seed": seed, "train": TRAIN.model_dump()}, COLUMNS, ("model",)
    )
    motifs = read_meme(data / MOTIFS)
    sequence, value, held, natives = read_sets(data)
    rows = Rows(
        encode([sequence[i] for i in np.flatnonzero(~held)], LENGTH, "left"),
        value[~held],
        np.arange(int((~held).sum())),
    )

    def work(name: str) -> list[Row]:
        model, seconds = _fitted(name, rows, motifs, seed, out / "models")
        random = pd.DataFrame(
            {
                "sequence": [sequence[i] for i in np.flatnonzero(held)],
                "measured": value[held, 0],
                "base": [f"r{i}" for i in range(int(held.sum()))],
            }
        )
        found = _test(model, "random, held out by hash", random)
        for test, frame in natives.items():
            found += _test(model, test, frame)
        return [{"cpu_seconds": number(round(seconds, 1)), **row} for row in found]

    table.fill([(name,) for name in chosen(models)], work, progress)
    return promoter_table(table.rows)


def _fitted(
    name: str, rows: Rows, motifs: Sequence[Motif], seed: int, folder: Path
) -> tuple[SequenceModel, float]:
    """Return a model and its CPU seconds; one that was fitted before is read.

    A stack is made of the members as they stand in the table.
    """
    home = folder / name
    if name == "stack":
        options = StackOptions()
        parts = [
            _fitted(member.kind, rows, motifs, seed, folder)
            for member in options.members
        ]
        stack = Stack(options, tuple(model for model, _ in parts))
        return stack, sum(seconds for _, seconds in parts)
    spent = home / "cpu_seconds.txt"
    if spent.exists():
        return restore_model(home), float(spent.read_text(encoding="utf-8"))
    model, seconds = fit_timed(name, rows, ("expression",), motifs, seed, "left")
    model.save(home)
    spent.write_text(f"{seconds:.1f}\n", encoding="utf-8")
    return model, seconds


def read_sets(
    data: Path,
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, dict[str, pd.DataFrame]]:
    """Return random promoters, values, which are held out, and native test sets."""
    home = data / "sequence"
    vaishnav = home / "yeast_vaishnav2022"
    drawn = read_measured(
        [
            Source(vaishnav / "random_complex.csv.gz", {"expression": "measured"}),
            Source(
                home / "yeast_dream2022" / "demo_train.csv.gz",
                {"expression": "expression"},
            ),
        ]
    )
    defined = pd.read_csv(vaishnav / "native_defined.csv.gz")
    complexed = pd.read_csv(vaishnav / "native_complex.csv.gz")
    base = dict(zip(defined["sequence"], defined["base_sequence"], strict=True))
    complexed["base_sequence"] = complexed["sequence"].map(base)
    natives = {}
    for name, frame in (("native, complex", complexed), ("native, defined", defined)):
        own = frame.dropna(subset=["measured", "base_sequence"])
        natives[name] = pd.DataFrame(
            {
                "sequence": own["sequence"],
                "measured": own["measured"],
                "base": own["base_sequence"].astype(str),
            }
        )
    held = np.array([zlib.crc32(s.encode()) % 10 == 0 for s in drawn.sequence])
    tested = [text for frame in natives.values() for text in frame["sequence"]]
    cluster = cluster_copies([*drawn.sequence, *tested])
    apart = np.isin(cluster[: drawn.n], cluster[drawn.n :])
    apart |= ~held & np.isin(cluster[: drawn.n], cluster[: drawn.n][held])
    kept = drawn.take(~apart)
    held = held[~apart]
    return kept.sequence, centre_sources(kept.value, kept.source), held, natives


def _test(model: SequenceModel, test: str, frame: pd.DataFrame) -> list[dict]:
    guess = model.predict(encode(list(frame["sequence"]), LENGTH, "left"))[:, 0]
    y, base = frame["measured"].to_numpy(), frame["base"].to_numpy(str)
    counts = draw_counts((base,), _DRAWS, np.random.default_rng(1))
    rows = [_row(test, "across", y, guess, counts)]
    if np.isfinite(within_groups(y, guess, base)):
        rows.append(
            _row(test, "within", _centred(y, base), _centred(guess, base), counts)
        )
    return rows


def _centred(x: np.ndarray, base: np.ndarray) -> np.ndarray:
    series = pd.Series(x)
    return (series - series.groupby(base).transform("mean")).to_numpy()


def _row(
    test: str, metric: str, y: np.ndarray, guess: np.ndarray, counts: np.ndarray
) -> dict[str, str]:
    low, high = percentile_interval(weighted_pearson(counts, y, guess), 0.95)
    return {
        "test": test,
        "metric": metric,
        "n": str(len(y)),
        "value": number(pearson(y, guess)),
        "low": number(float(low)),
        "high": number(float(high)),
    }


def promoter_table(rows: Sequence[dict[str, str]]) -> str:
    """Return the figures in Markdown, a row per model."""
    tests = list(dict.fromkeys((row["test"], row["metric"]) for row in rows))
    body = []
    for name in dict.fromkeys(row["model"] for row in rows):
        own = {
            (row["test"], row["metric"]): row for row in rows if row["model"] == name
        }
        cells = [
            f"{float(o['value']):.3f} [{float(o['low']):.3f}, {float(o['high']):.3f}]"
            for o in (own[key] for key in tests)
        ]
        seconds = next(iter(own.values()))["cpu_seconds"]
        body.append([name, *cells, f"{float(seconds):.0f}"])
    head = ["model", *(f"{test}, {metric}" for test, metric in tests), "CPU s"]
    return markdown_table(head, body)
