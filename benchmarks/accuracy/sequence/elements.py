"""Which element of a network matters: one option changed at a time, on shared folds.

Random yeast promoters (a sample, since every element is a training) in folds by
identity. All networks have the same rows, epochs and seeds; differences are against the
default, paired by fold and seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import (
    CellTable,
    mean_interval,
    number,
    open_folder,
    refuse_unknown,
)
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.promoters import LENGTH, MOTIFS, read_sets
from meristem.runs.seeds import derived_rng
from meristem.sequence.inputs.identity import cluster_copies
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import Specification, find_kind, fit_model
from meristem.sequence.models.options import ModelOptions, MotifOptions, NetworkOptions
from meristem.sequence.motifs.motif import Motif, read_meme
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions
from meristem.stats.folds import grouped_folds
from meristem.stats.metrics import pearson

COLUMNS = ("element", "fold", "value", "cpu_seconds")
N, FOLDS = 3000, 5
BASE = NetworkOptions(channels=32)
TRAIN = TrainOptions(members=1, epochs=12, patience=12)

ELEMENTS: dict[str, tuple[str, dict[str, object], dict[str, object]]] = {
    "default": ("cnn", {}, {}),
    "activation silu": ("cnn", {"activation": "silu", "first": "silu"}, {}),
    "activation gelu": ("cnn", {"activation": "gelu", "first": "gelu"}, {}),
    "activation elu": ("cnn", {"activation": "elu", "first": "elu"}, {}),
    "first layer exp": ("cnn", {"first": "exp"}, {}),
    "pool 2": ("cnn", {"pool": 2}, {}),
    "pool 8": ("cnn", {"pool": 8}, {}),
    "no positions: mean": ("cnn", {"read": "mean"}, {}),
    "no positions: maximum and mean": ("cnn", {"read": "both"}, {}),
    "depth 0": ("cnn", {"depth": 0}, {}),
    "depth 1": ("cnn", {"depth": 1}, {}),
    "depth 3": ("cnn", {"depth": 3}, {}),
    "16 filters": ("cnn", {"channels": 16}, {}),
    "64 filters": ("cnn", {"channels": 64}, {}),
    "first kernel 7": ("cnn", {"first_kernel": 7}, {}),
    "first kernel 23": ("cnn", {"first_kernel": 23}, {}),
    "kernel 3": ("cnn", {"kernel": 3}, {}),
    "kernel 9": ("cnn", {"kernel": 9}, {}),
    "no dropout": ("cnn", {"dropout": 0.0}, {}),
    "begun with motifs": ("cnn", {"motifs": True}, {}),
    "added to the motif model": ("cnn", {"offset": True}, {}),
    "given strand alone": ("cnn", {}, {"strands": "given", "flip": 0.0}),
    "strands averaged, never flipped": ("cnn", {}, {"flip": 0.0}),
    "no shift": ("cnn", {}, {"shift": 0}),
    "loss over bins": ("cnn", {}, {"loss": "bins"}),
    "dilated": ("dilated", {}, {}),
    "recurrent": ("recurrent", {}, {}),
    "attention": ("attention", {}, {}),
    "residual": ("residual", {}, {}),
    "motif model": ("motif", {}, {}),
    "motif model, 2 positional bins": ("motif", {"bins": 2}, {}),
    "motif model, 4 positional bins": ("motif", {"bins": 4}, {}),
}
"""Kind, options and training that differ from the default."""


def run_elements(
    data: Path,
    out: Path,
    *,
    models: Sequence[str],
    seed: int,
    command: str,
    progress: Callable[[int, int], None],
) -> str:
    """Train every element on every fold; return the table in Markdown.

    `models` names some elements only.
    """
    settings = {
        "seed": seed,
        "n": N,
        "folds": FOLDS,
        "options": BASE.model_dump(),
        "train": TRAIN.model_dump(),
    }
    open_folder(out, settings, command)
    table = CellTable(out / "results.csv", COLUMNS, ("element", "fold"))
    refuse_unknown(models, tuple(ELEMENTS), "elements")
    names = tuple(models) or tuple(ELEMENTS)
    sequence, value, _, _ = read_sets(data)
    motifs = tuple(read_meme(data / MOTIFS))
    rng = np.random.default_rng(seed)
    kept = rng.choice(len(sequence), N, replace=False)
    onehot = encode([sequence[i] for i in kept], LENGTH, "left")
    value = value[kept]
    fold = grouped_folds(cluster_copies([sequence[i] for i in kept]), FOLDS, rng)
    total, done = len(names) * FOLDS, 0
    for place in range(FOLDS):
        test = fold == place
        rows = Rows(onehot[~test], value[~test], np.arange(int((~test).sum())))
        for name in names:
            done += 1
            if table.holds({"element": name, "fold": str(place)}):
                continue
            begin = time.process_time()
            model = fit_model(
                _specified(name, motifs),
                rows,
                tasks=("expression",),
                rng=derived_rng(seed, "element", place),
                pad="left",
            )
            r = pearson(value[test, 0], model.predict(onehot[test])[:, 0])
            row = {"element": name, "fold": str(place), "value": number(r)}
            spent = number(round(time.process_time() - begin, 1))
            table.add([row | {"cpu_seconds": spent}])
            progress(done, total)
    return element_table(table.rows)


def _specified(name: str, motifs: tuple[Motif, ...]) -> Specification:
    kind, options, train = ELEMENTS[name]
    base: ModelOptions = BASE if find_kind(kind).trained else MotifOptions()
    return Specification(
        kind,
        base.model_copy(update=options),
        TRAIN.model_copy(update=train),
        motifs if {"motifs", "offset"} & set(options) or kind == "motif" else (),
    )


def element_table(rows: Sequence[dict[str, str]]) -> str:
    """Return r and its paired difference to the default, in Markdown."""
    by = {(row["element"], row["fold"]): float(row["value"]) for row in rows}
    body = []
    for name in dict.fromkeys(row["element"] for row in rows):
        folds = [fold for element, fold in by if element == name]
        values = [by[name, fold] for fold in folds]
        paired = [
            by[name, fold] - by["default", fold]
            for fold in folds
            if ("default", fold) in by
        ]
        mean, low, high = mean_interval(paired)
        shown = "" if name == "default" else f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
        seconds = [float(row["cpu_seconds"]) for row in rows if row["element"] == name]
        body.append([name, f"{np.mean(values):.3f}", shown, f"{np.mean(seconds):.0f}"])
    return markdown_table(["element", "r", "against the default", "CPU s"], body)
