"""A layered network on a canvas: boxes in rows, the variants below, the trait above."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from meristem.pages.layered import TRAIT, Layout, Node, Placed
from meristem.pages.numbers import plural
from meristem.pages.palette import ACCENT, FAINT, INK, PAPER, SOFT, ink_on, ramp
from meristem.pages.routing import BOX_HEIGHT, draw_curve, gaps, line_style
from meristem.pages.svg import Canvas, text_width, wrap

ROW_GAP = 20  # between rows of one level
LEVEL_GAP = 46
MIDDLE = 0.25  # above this, the small text is as dark as the name
TRAIT_HEIGHT = 32.0
BELOW = 40.0  # px from the lowest boxes to the bar of the variants
BAR = 26.0  # height of that bar in px


def read_nodes(record: Mapping[str, Any], share: Mapping[str, float]) -> list[Node]:
    """Return the nodes of `network.json`; `share` is 0 to 1 by name where known."""
    return [
        Node(
            name=str(item["name"]),
            label=str(item.get("label") or item["name"]),
            kind=str(item.get("kind") or ""),
            level=int(item.get("level") or 0),
            n_variants=int(item.get("n_variants") or 0),
            n_parents=int(item.get("n_parents") or 0),
            sensitivity=share.get(str(item["name"]), math.nan),
        )
        for item in record["nodes"]
    ]


def row_places(layout: Layout, top: float = 0.0) -> list[float]:
    """Return the middle of every row in px, bottom row first; the trait at `top`."""
    top += 2 * TRAIT_HEIGHT + BOX_HEIGHT / 2
    places = [top]
    for row in range(len(layout.rows) - 1, 0, -1):
        same = layout.row_level[row] == layout.row_level[row - 1]
        places.append(places[-1] + BOX_HEIGHT + (ROW_GAP if same else LEVEL_GAP))
    return places[::-1]


def draw_trait(
    canvas: Canvas,
    text: str,
    layout: Layout,
    y: list[float],
    room: float,
    *,
    top: float = 0.0,
    strength: Mapping[str, float] | None = None,
    through: list[tuple[str, str]] | None = None,
) -> float:
    """Draw the trait and the lines into it; return the right edge of its box in px.

    `strength` and `through` are those of `meristem.pages.routing.draw_edges`; of the
    latter the links to the trait are drawn.
    """
    width = min(max(text_width(text, 13) + 36, 120), room * 0.7)
    left = (room - width) / 2
    end = (room / 2, top + TRAIT_HEIGHT)
    dashed = [source for source, target in through or [] if target == TRAIT]
    for name in (*layout.heads, *dashed):
        item = layout.placed[name]
        start = (item.x, y[item.row] - BOX_HEIGHT / 2)
        between = gaps(layout, y, item.row, None, start[0], room / 2)
        share = (strength or {}).get(name)
        thickness = line_style(share)[1]
        points = [start, *between, end]
        draw_curve(canvas, points, ACCENT, 0.45, thickness, name in dashed)
    canvas.rect(left, top, width, TRAIT_HEIGHT, fill=ACCENT, rx=6)
    style: dict[str, Any] = {"anchor": "middle", "fill": PAPER, "font_weight": 600}
    canvas.text(room / 2, top + 20.5, text, 13, width - 20, **style)
    return left + width


def draw_boxes(
    canvas: Canvas,
    layout: Layout,
    y: list[float],
    colours: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Draw the nodes, and per level a box that counts those not shown.

    `colours` marks the kinds at the left of the boxes; `notes` is written at the right
    of what a node reads.
    """
    for item in layout.placed.values():
        _draw_box(canvas, item, y[item.row], layout.box_width(item.row), notes or {})
        if colours:
            left = item.x - layout.box_width(item.row) / 2
            top, colour = y[item.row] - BOX_HEIGHT / 2 + 8, colours[item.node.kind]
            canvas.rect(left + 2.5, top, 3, BOX_HEIGHT - 16, fill=colour)
    _draw_hidden(canvas, layout, y)


def _draw_box(
    canvas: Canvas, item: Placed, y: float, width: float, notes: Mapping[str, str]
) -> None:
    node = item.node
    known = math.isfinite(node.sensitivity)
    fill = ramp(node.sensitivity) if known else PAPER
    tip = f"{node.label}, {node.name} ({node.kind or 'node'}), {_inputs(node)}"
    if known:
        tip += f", sensitivity {node.sensitivity:.2f} of the largest"
    left, top = item.x - width / 2, y - BOX_HEIGHT / 2
    stroke = "#9fb0a7"
    canvas.rect(left, top, width, BOX_HEIGHT, tip, fill=fill, stroke=stroke, rx=6)
    ink = ink_on(node.sensitivity) if known else INK
    inner = width - 12
    middle: dict[str, Any] = {"anchor": "middle", "pointer_events": "none"}
    bold: dict[str, Any] = {"font_weight": 600}
    names = wrap(node.label, 11.5, inner)
    first = y - 2 if len(names) == 1 else y - 9
    for line, text in enumerate(names):
        canvas.text(
            item.x, first + 13 * line, text, 11.5, inner, fill=ink, **bold, **middle
        )
    soft = SOFT if not known or node.sensitivity < MIDDLE else ink
    below = y + (14 if len(names) == 1 else 18)
    note = notes.get(node.name)
    if note is None:
        canvas.text(item.x, below, _inputs(node), 10, inner, fill=soft, **middle)
        return
    room = inner - text_width(note, 10) - 6
    canvas.text(left + 8, below, _inputs(node), 10, room, fill=soft)
    end = left + width - 7
    canvas.text(end, below, note, 10, anchor="end", fill=ink, font_weight=600)


def _inputs(node: Node) -> str:
    counts = ((node.n_variants, "variant"), (node.n_parents, "input"))
    parts = [plural(number, word) for number, word in counts if number]
    return " + ".join(parts) or (node.kind or "node")


def _draw_hidden(canvas: Canvas, layout: Layout, y: list[float]) -> None:
    for row, level in enumerate(layout.row_level):
        if not layout.hidden[level] or not layout.is_last_row(row):
            continue
        x = layout.centres(row)[-1]
        width = layout.box_width(row)
        left, top = x - width / 2, y[row] - BOX_HEIGHT / 2
        canvas.rect(
            left,
            top,
            width,
            BOX_HEIGHT,
            fill=PAPER,
            stroke=FAINT,
            rx=6,
            stroke_dasharray="3 3",
        )
        kinds = {item.node.kind for item in layout.placed.values() if item.row == row}
        noun = kinds.pop() if len(kinds) == 1 else ""
        count = plural(layout.hidden[level], noun or "node")
        number, noun = count.split(" ", 1)
        lines = wrap(f"+ {number} more {noun}", 12, width - 12)
        first = y[row] + 4 - 7.8 * (len(lines) - 1)
        canvas.lines(x, first, lines, 12, anchor="middle", fill=SOFT)


def draw_variants(
    canvas: Canvas, total: int | None, layout: Layout, y: list[float], room: float
) -> None:
    """Draw the bar of the variants at the bottom, and the lines from it."""
    start = y[0] + BOX_HEIGHT / 2
    top = start + BELOW
    text = f"{total:,} variants" if total else "variants"
    for name in layout.rows[0]:
        item = layout.placed[name]
        if item.node.n_variants:
            canvas.line(item.x, start, item.x, top, stroke="#8d9b94", stroke_width=1.4)
    canvas.rect(0, top, room, BAR, fill="#eef1ef", rx=6)
    canvas.text(room / 2, top + 17.5, text, 12, room - 20, anchor="middle", fill=SOFT)
