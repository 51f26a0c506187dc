"""Pairs of nodes whose joint effect is not the sum of their own."""

from __future__ import annotations

import pandas as pd

from meristem.pages.numbers import significant
from meristem.pages.page import Figure
from meristem.pages.palette import FAINT, INK, PAPER, RULE, diverge
from meristem.pages.svg import Canvas, text_width
from meristem.report.view import Target, View

WIDTH = 840
CELL = 56
FLAT = 0.01
"""Below this share of the largest sensitivity an interaction is called none."""


def largest_interaction(view: View, target: Target) -> tuple[float, float]:
    """Return the largest interaction and the largest sensitivity of a target."""
    rows = view.of(view.artefacts.interactions, target)
    nodes = view.of(view.artefacts.nodes, target)
    pair = float(rows["signed"].abs().max()) if len(rows) else 0.0
    single = float(nodes["sensitivity"].max()) if len(nodes) else 0.0
    return pair, single


def draw_interactions(view: View, target: Target, name: str) -> Figure | None:
    """Return the matrix of pairs among the top nodes; None where effects add up."""
    rows = view.of(view.artefacts.interactions, target)
    nodes = _ordered(view, target, rows)
    largest, single = largest_interaction(view, target)
    if len(nodes) < 2 or largest <= FLAT * single:
        return None
    labels = [view.node_name(node) for node in nodes]
    side = min(max(text_width(label, 12) for label in labels) + 14, 210)
    rise = min(max(text_width(label, 12) for label in labels), 130) * 0.72 + 16
    cell = min(CELL, (WIDTH - side - 100) / len(nodes))
    canvas = Canvas(WIDTH, rise + cell * len(nodes) + 12, f"Pairs, {target.name}")
    value = {
        frozenset((str(r["node_1"]), str(r["node_2"]))): r
        for r in rows.to_dict("records")
    }
    for row, one in enumerate(nodes):
        y = rise + cell * row
        canvas.text(side - 8, y + cell / 2 + 4, labels[row], 12, side - 8, anchor="end")
        x = side + cell * (row + 0.5)
        canvas.text(x, rise - 8, labels[row], 12, 130, rotate=-40, fill=INK)
        for column, two in enumerate(nodes):
            box = (side + cell * column, y, cell - 2, cell - 2)
            record = value.get(frozenset((one, two)))
            if row == column or record is None:
                canvas.rect(*box, fill=RULE if row == column else PAPER)
                continue
            names = (labels[row], labels[column])
            _draw_cell(canvas, box, record, (largest, FLAT * single), names)
    return Figure(name, canvas.to_svg(), rows, CAPTION)


def _ordered(view: View, target: Target, rows: pd.DataFrame) -> list[str]:
    """Return the nodes of the pairs, the most sensitive first."""
    named = [*rows["node_1"].astype(str), *rows["node_2"].astype(str)]
    distinct = list(dict.fromkeys(named))
    nodes = view.of(view.artefacts.nodes, target)
    size = dict(zip(nodes["node"], nodes["sensitivity"], strict=True))
    return sorted(distinct, key=lambda node: -float(size.get(node, 0.0)))


def _draw_cell(
    canvas: Canvas,
    box: tuple[float, float, float, float],
    record: dict,
    scale: tuple[float, float],  # the largest value, and what counts as none
    names: tuple[str, str],
) -> None:
    signed = float(record["signed"])
    share = signed / scale[0]
    tip = f"{names[0]} and {names[1]}: {significant(signed, 3)}"
    if {"low", "high"} <= set(record):
        low, high = (significant(float(record[end])) for end in ("low", "high"))
        tip += f" ({low} to {high})"
    canvas.rect(*box, tip, fill=diverge(share), stroke=RULE)
    if box[2] < 40:
        return
    small = abs(signed) <= scale[1]
    fill = FAINT if small else PAPER if abs(share) > 0.75 else INK
    text = "0" if small else significant(signed)
    middle = box[0] + box[2] / 2
    canvas.text(middle, box[1] + box[3] / 2 + 4, text, 11, anchor="middle", fill=fill)


CAPTION = (
    "What pushing two nodes together does beyond pushing each alone, in units of the "
    "trait ([[interaction]]). Green: together more than the sum; brown: less; 0: their "
    "effects add up (to one per cent of the largest [[sensitivity]]), or the one node "
    "acts through the other alone."
)
