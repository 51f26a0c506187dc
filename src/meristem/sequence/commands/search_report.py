"""The page of an architecture search: found beside random and default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Card, Figure, Section, write_run_page
from meristem.pages.palette import ACCENT, FAINT, INK, NEUTRAL, PAPER, SOFT, WARN
from meristem.pages.panel import draw_axes, draw_legend, make_panel
from meristem.pages.rows import WIDTH
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder
from meristem.sequence.commands.report import read_frame, read_note

_COLOURS = (NEUTRAL, ACCENT, WARN)


def build_search(folder: str | Path) -> Path:
    """Write ``report.html`` of a search; it reads the folder and nothing else."""
    opened = RunFolder.open(folder)
    note = read_note(opened, "found.json")
    trials, scores = read_frame(opened, "trials.csv"), read_frame(opened, "scores.csv")
    sections = []
    cards: tuple[Card, ...] = ()
    if scores is not None:
        sections.append(_tested(scores))
        own = scores[scores["metric"] == "pearson"].groupby("model")["value"].mean()
        cards = tuple(
            Card(f"r on test rows, {name}", fixed(value, 3))
            for name, value in own.items()
        )
    if trials is not None and not trials.empty:
        sections.append(_course(trials))
    sections.append(_shapes(note))
    return write_run_page(opened, "Architecture search", sections, cards)


def _tested(scores: pd.DataFrame) -> Section:
    own = scores[scores["metric"] == "pearson"]
    wide = own.pivot_table(index=["fold", "task"], columns="model", values="value")
    wide = wide.reset_index()
    formats = {name: lambda v: fixed(v, 3) for name in own["model"].unique()}
    return Section(
        "Test rows that no search has seen",
        "tested",
        html=str(table_html(wide, formats=formats)),
        intro="Pearson r by outer fold. Random search has the same budget. If the "
        "three do not differ by more than the folds do, take the default.",
    )


def _course(trials: pd.DataFrame) -> Section:
    canvas = Canvas(WIDTH, 320, "rewards")
    panel = make_panel(
        (60, 40, 640, 220),
        (-0.5, float(trials["generation"].max()) + 0.5),
        limits([trials["reward"]]),
    )
    draw_axes(canvas, panel, "generation", "inner r")
    names = list(trials["method"].unique())
    for name, colour in zip(names, _COLOURS, strict=False):
        part = trials[trials["method"] == name]
        canvas.dots(
            panel.x(part["generation"]), panel.y(part["reward"]), 2.5, colour, 0.5
        )
        best = part.groupby("generation")["reward"].max().cummax()
        points = zip(
            panel.x(best.index.to_numpy()).tolist(), panel.y(best).tolist(), strict=True
        )
        canvas.polyline(points, stroke=colour, stroke_width=2)
    draw_legend(canvas, list(zip(names, _COLOURS, strict=False)), 60, 20)
    figure = Figure(
        "rewards",
        canvas.to_svg(),
        trials,
        caption="Dots: architectures; lines: the best so far. The inner r of the best "
        "is flattered by having been chosen: see the test rows above.",
    )
    return Section("The search", "search", blocks=(figure,))


def _shapes(note: dict[str, Any]) -> Section:
    blocks = []
    for number, item in enumerate(note.get("found", [])):
        title = f"Repeat {item['repeat'] + 1}: {item['method']}"
        options = item["options"]
        frame = pd.DataFrame(
            {"option": list(options), "value": map(str, options.values())}
        )
        svg = draw_shape(options, str(note.get("kind", "")), title)
        blocks.append(Figure(f"shape{number + 1}", svg, frame, title=title))
    return Section("Architectures", "shapes", blocks=tuple(blocks))


def draw_shape(options: dict[str, Any], kind: str, title: str) -> str:
    """Return a network as SVG: its layers from left to right."""
    layers = [
        ("bases", "4 channels"),
        (f"{options['first_kernel']} bp", f"{options['channels']} filters"),
        ("pool", f"{options['pool']} positions"),
        *(
            (f"{kind} {n + 1}", f"{options['kernel']} wide")
            for n in range(options["depth"])
        ),
        ("read", str(options["read"])),
        ("hidden", f"{options['hidden']} units"),
        ("output", f"drop {options['dropout']:g}"),
    ]
    canvas = Canvas(WIDTH, 92, title)
    pitch = WIDTH / len(layers)
    sizes = np.linspace(64, 40, len(layers))
    for number, ((name, text), size) in enumerate(zip(layers, sizes, strict=True)):
        left, width = number * pitch + 3, pitch - 14
        canvas.rect(left, 44 - size / 2, width, size, fill=PAPER, stroke=FAINT, rx=6)
        middle = left + width / 2
        canvas.text(middle, 42, name, 12, width - 6, anchor="middle", fill=INK)
        canvas.text(middle, 57, text, 10, width - 6, anchor="middle", fill=SOFT)
        if number:
            canvas.line(left - 11, 44, left, 44, stroke=NEUTRAL)
    words = f"first {options['first']}, then {options['activation']}"
    canvas.text(3, 88, words, 11, fill=SOFT)
    return canvas.to_svg()
