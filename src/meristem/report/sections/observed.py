"""The size of predicted differences, and how far off a prediction may be."""

from __future__ import annotations

import pandas as pd

from meristem.pages.numbers import number, percent
from meristem.pages.page import Section
from meristem.pages.table import Format, table_html
from meristem.report.figures.accuracy.observed import draw_observed
from meristem.report.per_target import per_target
from meristem.report.view import View


def observed_section(view: View) -> Section | None:
    """Return observed against predicted values."""
    blocks = per_target(view, {"observed": draw_observed})
    if not blocks:
        return None
    intro = (
        "Do the predicted differences have their true size? A [[slope]] of 1 says so; "
        "below 1, the best lines are predicted too good and the worst too bad."
    )
    blocks += interval_table(view)
    return Section("Observed and predicted", "observed", "", intro, tuple(blocks))


def interval_table(view: View) -> list[str]:
    """Return width and coverage of the predictive intervals, where calibrated."""
    rows = view.artefacts.intervals
    rows = rows[rows["model"].isin(view.contenders)]
    parts = [view.of(rows, target) for target in view.targets]
    kept = pd.concat(parts) if parts else rows
    if kept.empty:
        return []
    several = len(view.targets) > 1
    names = ["model", *(["trait", "environment"] if several else [])]
    frame = kept[[*names, "level", "half_width", "coverage"]]
    if several and not (frame["environment"] != "").any():
        frame = frame.drop(columns="environment")
    formats: dict[str, Format] = {
        "level": _whole_percent,
        "half_width": _plus_minus,
        "coverage": percent,
    }
    headings = {"level": "aimed at", "half_width": "width", "coverage": "lines inside"}
    text = (
        "<h3>Predictive intervals</h3>"
        '<p class="intro">How far from its prediction a line may lie, learned from '
        "lines the model had not seen. The share of lines that fell inside should be "
        "close to the share aimed at.</p>"
    )
    return [text, str(table_html(frame, formats, headings))]


def _whole_percent(share: float) -> str:
    return percent(share, 0)


def _plus_minus(width: float) -> str:
    return f"\u00b1 {number(width)}"
