"""The page of designs: what the oracle promised, and what the validator confirms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, percent
from meristem.pages.page import Card, Figure, Section, write_run_page
from meristem.pages.palette import ACCENT, NEUTRAL
from meristem.pages.panel import draw_axes, draw_slope, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder
from meristem.sequence.commands.report import read_frame, read_note

_SHOWN = 200


def build_design(folder: str | Path) -> Path:
    """Write ``report.html`` of designs; it reads the folder and nothing else."""
    opened = RunFolder.open(folder)
    summary = read_note(opened, "summary.json")
    table = read_frame(opened, "designs.csv")
    sections = () if table is None else (_gains(table, summary), _list(table))
    return write_run_page(
        opened,
        "Sequence models",
        sections,
        (
            Card(
                "gain that the validator confirms",
                percent(summary["confirmed"]),
                f"{fixed(summary['validator_gain'])} of "
                f"{fixed(summary['oracle_gain'])}, mean of {summary['n']} designs",
            ),
            Card(
                "better by the validator",
                percent(summary["same_sign"]),
                f"{summary['validator']}, trained on other sequences",
            ),
            Card("every constraint held", percent(summary["kept"]), "of the designs"),
        ),
        lead=str(
            Markup(
                '<p class="intro">The oracle ({}) was trained on one half of the '
                "groups, the validator ({}) on the other. A search finds what its "
                "oracle has wrong as readily as what is true: believe the share that "
                "the validator confirms. On the other half the oracle predicts with r "
                "= {}.</p>"
            ).format(
                summary["oracle"], summary["validator"], fixed(summary["oracle_r"])
            )
        ),
    )


def _gains(table: pd.DataFrame, summary: dict[str, Any]) -> Section:
    x, y = table["oracle_gain"].to_numpy(), table["validator_gain"].to_numpy()
    canvas = Canvas(840, 400, "gains")
    panel = make_panel(
        (70, 30, 440, 320), limits([x], include=[0.0]), limits([y], include=[0.0])
    )
    draw_axes(canvas, panel, "gain by the oracle", "gain by the validator")
    draw_slope(canvas, panel, 1.0, 0.0, stroke=NEUTRAL, stroke_dasharray="4 4")
    canvas.dots(panel.x(x), panel.y(y), 3, ACCENT, 0.6)
    shown = table[["sequence_id", "oracle_gain", "validator_gain"]]
    caption = "Dashed: the validator agrees with the oracle in full."
    figure = Figure("gains", canvas.to_svg(), shown, caption=caption)
    return Section("Promised and confirmed", "gains", blocks=(figure,))


def _list(table: pd.DataFrame) -> Section:
    shown = table.head(_SHOWN)[
        ["sequence_id", "edits", "changes", "oracle_gain", "validator_gain", "kept"]
    ].assign(kept=("no: " + table["broken"].astype(str)).where(~table["kept"], "yes"))
    n_broken = int((~table["kept"]).sum())
    html = table_html(
        shown,
        formats={
            "oracle_gain": lambda v: fixed(v, 3),
            "validator_gain": lambda v: fixed(v, 3),
        },
        note=f"The first {_SHOWN}; all are in designs.csv and designs.fa."
        if len(table) > _SHOWN
        else "Sequences are in designs.csv and designs.fa.",
    )
    intro = (
        f"{n_broken} of {len(table)} are not all that was asked for, because their "
        "start is not and the edits do not mend it: they are in designs.csv alone, "
        "not in designs.fa."
        if n_broken
        else ""
    )
    return Section("Designs", "designs", html=str(html), intro=intro)
