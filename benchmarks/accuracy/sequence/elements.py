"""Which element of a network matters: one option changed at a time, on shared folds.

Random yeast promoters (a sample, since every element is a training) in folds by
identity, of which three are tested. All have the same rows and epochs; differences are
against the default, paired by fold.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats

from benchmarks.accuracy.cells import Progress, Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.promoters import LENGTH, MOTIFS, read_sets
from meristem.pages.palette import ACCENT, NEUTRAL
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.scale import limits
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
from meristem.text.files import write_text

COLUMNS = ("element", "fold", "value", "cpu_seconds")
N, FOLDS, TESTED = 3000, 5, 3
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
    data: Path, out: Path, *, models: Sequence[str], seed: int, progress: Progress
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
    table = open_table(out, settings, COLUMNS, ("element", "fold"))
    refuse_unknown(models, tuple(ELEMENTS), "elements")
    names = tuple(models) or tuple(ELEMENTS)
    sequence, value, _, _ = read_sets(data)
    motifs = tuple(read_meme(data / MOTIFS))
    rng = np.random.default_rng(seed)
    kept = rng.choice(len(sequence), N, replace=False)
    onehot = encode([sequence[i] for i in kept], LENGTH, "left")
    value = value[kept]
    fold = grouped_folds(cluster_copies([sequence[i] for i in kept]), FOLDS, rng)

    def work(name: str, place: int) -> list[Row]:
        test = fold == place
        rows = Rows(onehot[~test], value[~test], np.arange(int((~test).sum())))
        begin = time.process_time()
        model = fit_model(
            _specified(name, motifs),
            rows,
            tasks=("expression",),
            rng=derived_rng(seed, "element", place),
            pad="left",
        )
        r = pearson(value[test, 0], model.predict(onehot[test])[:, 0])
        spent = number(round(time.process_time() - begin, 1))
        return [{"value": number(r), "cpu_seconds": spent}]

    cells = [(name, place) for place in range(TESTED) for name in names]
    table.fill(cells, work, progress)
    write_text(out / "elements.svg", draw_elements(table.rows))
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


@dataclass(frozen=True)
class Difference:
    """An element against the default."""

    element: str
    r: float
    difference: float
    half: float  # of the 95 % interval
    folds: int
    seconds: float


def differences(rows: Sequence[dict[str, str]]) -> list[Difference]:
    """Return mean r and paired differences to the default, the best first.

    All elements share one standard deviation of differences over folds, pooled: few
    folds of one element alone say little of it.
    """
    by = {(row["element"], row["fold"]): float(row["value"]) for row in rows}
    names = list(dict.fromkeys(row["element"] for row in rows))
    paired = {
        name: np.array(
            [
                value - by["default", fold]
                for (element, fold), value in by.items()
                if element == name and ("default", fold) in by
            ]
        )
        for name in names
    }
    others = [own for name, own in paired.items() if name != "default" and own.size > 1]
    freedom = sum(own.size - 1 for own in others)
    squares = sum(float(((own - own.mean()) ** 2).sum()) for own in others)
    sd = np.sqrt(squares / freedom) if freedom else np.nan
    factor = scipy.stats.t.ppf(0.975, freedom) * sd if freedom else np.nan
    found = []
    for name in names:
        values = [value for (element, _), value in by.items() if element == name]
        spent = [float(row["cpu_seconds"]) for row in rows if row["element"] == name]
        size = paired[name].size
        found.append(
            Difference(
                name,
                float(np.mean(values)),
                float(paired[name].mean()) if size else np.nan,
                float(factor / np.sqrt(size)) if size else np.nan,
                len(values),
                float(np.mean(spent)),
            )
        )
    return sorted(found, key=lambda one: -one.difference)


def element_table(rows: Sequence[dict[str, str]]) -> str:
    """Return r and its paired difference to the default, in Markdown."""
    body = []
    for one in differences(rows):
        low, high = one.difference - one.half, one.difference + one.half
        shown = f"{one.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        shown = "" if one.element == "default" else shown
        cells = [one.element, f"{one.r:.3f}", shown]
        body.append([*cells, str(one.folds), f"{one.seconds:.0f}"])
    head = ["element", "r", "against the default", "folds", "CPU s"]
    return markdown_table(head, body)


def draw_elements(rows: Sequence[dict[str, str]]) -> str:
    """Return the differences to the default and their intervals as SVG."""
    found = [one for one in differences(rows) if one.element != "default"]
    ends = [one.difference + sign * one.half for one in found for sign in (-1, 1)]
    labels = [one.element for one in found]
    room = label_room(labels, 320)
    drawn = draw_rows(
        "Elements of a network against the default",
        labels,
        limits([np.array(ends)], include=[0.0]),
        "r minus that of the default",
        (room, 20, 10),
        22,
    )
    canvas, x = drawn.canvas, drawn.panel.x
    zero = float(x(0.0))
    canvas.line(zero, drawn.panel.top, zero, drawn.panel.bottom, stroke=NEUTRAL)
    for one, y in zip(found, drawn, strict=True):
        low, high = one.difference - one.half, one.difference + one.half
        sure = low > 0 or high < 0
        colour = ACCENT if sure else NEUTRAL
        canvas.line(float(x(low)), y, float(x(high)), y, stroke=colour)
        tip = f"{one.element}: {one.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
        canvas.circle(float(x(one.difference)), y, 4, tip, fill=colour)
    return canvas.to_svg()
