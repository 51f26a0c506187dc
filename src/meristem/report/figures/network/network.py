"""The network, drawn: variants at the bottom, the trait on top."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.pages.layered import Layout, Node, Placed, place
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, FAINT, INK, PAPER, SOFT, ink_on, ramp
from meristem.pages.routing import BOX_HEIGHT, draw_curve, draw_edges, gaps
from meristem.pages.svg import Canvas, text_width, wrap
from meristem.report.view import View

WIDTH = 840
LANE = 84  # room at the right for the polygenic path
ROW_GAP = 20  # between rows of one level
LEVEL_GAP = 46
PER_ROW = 6
PER_ROW_LARGE = 7  # one row per level where not every node can be shown
MIDDLE = 0.25  # above this, the small text is as dark as the name


def draw_network(view: View) -> Figure | None:
    """Return the network with its most sensitive nodes; None without `network.json`."""
    record = view.artefacts.network
    if not record or not record.get("nodes"):
        return None
    sensitivity = scaled_sensitivity(view)
    nodes = [
        Node(
            name=str(item["name"]),
            label=str(item.get("label") or item["name"]),
            kind=str(item.get("kind") or ""),
            level=int(item.get("level") or 0),
            n_variants=int(item.get("n_variants") or 0),
            n_parents=int(item.get("n_parents") or 0),
            sensitivity=sensitivity.get(str(item["name"]), math.nan),
        )
        for item in record["nodes"]
    ]
    edges = [_edge(item) for item in record.get("edges") or []]
    polygenic = _has_polygenic(view)
    room = WIDTH - (LANE if polygenic else 0)
    largest = max(Counter(node.level for node in nodes).values())
    crowded = largest > 2 * PER_ROW
    per_row, rows = (PER_ROW_LARGE, 1) if crowded else (PER_ROW, 2)
    heads = {str(item["name"]) for item in record["nodes"] if item.get("head")}
    layout = place(nodes, edges, room, per_row, rows)
    if heads:
        layout = replace(layout, heads=tuple(n for n in layout.placed if n in heads))
    y = _row_places(layout)
    height = y[0] + BOX_HEIGHT / 2 + 74
    known = bool(sensitivity)
    canvas = Canvas(WIDTH, height + (34 if known else 0), "The network")
    right = _draw_trait(canvas, view, layout, y, room)
    draw_edges(canvas, layout, y)
    _draw_boxes(canvas, layout, y)
    _draw_hidden(canvas, layout, y)
    _draw_variants(canvas, record, layout, y, room)
    if polygenic:
        _draw_polygenic(canvas, y, room, right)
    if known:
        _draw_scale(canvas, height + 14)
    table = _table(layout, len(edges))
    caption = _caption(layout, nodes, edges, known)
    return Figure("network", canvas.to_svg(), table, caption)


def scaled_sensitivity(view: View) -> dict[str, float]:
    """Return the sensitivity of every node, largest 1, averaged over the targets."""
    frame = view.artefacts.nodes
    frame = frame[np.isfinite(frame["sensitivity"])] if not frame.empty else frame
    if frame.empty:
        return {}
    top = frame.groupby(["model", "trait", "environment"])["sensitivity"].transform(
        "max"
    )
    scaled = frame["sensitivity"] / top.where(top > 0, 1.0)
    mean = scaled.groupby(frame["node"]).mean()
    return {str(name): float(value) for name, value in mean.items()}


def _edge(item: object) -> tuple[str, str]:
    if isinstance(item, dict):
        return str(item["source"]), str(item["target"])
    if isinstance(item, list | tuple) and len(item) == 2:
        return str(item[0]), str(item[1])
    raise DataError("has an edge without source and target", where="network.json")


def _has_polygenic(view: View) -> bool:
    variants = view.artefacts.variants
    if "effect_polygenic" not in variants.columns:
        return False
    return bool((variants["effect_polygenic"].fillna(0) != 0).any())


def _row_places(layout: Layout) -> list[float]:
    """Return the middle of every row in px, bottom row first."""
    top = 64.0 + BOX_HEIGHT / 2
    places = [top]
    for row in range(len(layout.rows) - 1, 0, -1):
        same = layout.row_level[row] == layout.row_level[row - 1]
        places.append(places[-1] + BOX_HEIGHT + (ROW_GAP if same else LEVEL_GAP))
    return places[::-1]


def _draw_trait(
    canvas: Canvas, view: View, layout: Layout, y: list[float], room: float
) -> float:
    """Draw the trait and the lines into it; return the right edge of its box."""
    traits = dict.fromkeys(target.trait for target in view.targets)
    text = next(iter(traits)) if len(traits) == 1 else f"{len(traits)} traits"
    width = min(max(text_width(text, 13) + 36, 120), room * 0.7)
    left = (room - width) / 2
    for name in layout.heads:
        start = (layout.placed[name].x, y[layout.placed[name].row] - BOX_HEIGHT / 2)
        points = [
            start,
            *gaps(layout, y, layout.placed[name].row, None, start[0], room / 2),
        ]
        draw_curve(canvas, [*points, (room / 2, 32.0)], ACCENT, 0.45)
    canvas.rect(left, 0, width, 32, fill=ACCENT, rx=6)
    style: dict[str, Any] = {"anchor": "middle", "fill": PAPER, "font_weight": 600}
    canvas.text(room / 2, 20.5, text, 13, width - 20, **style)
    return left + width


def _draw_boxes(canvas: Canvas, layout: Layout, y: list[float]) -> None:
    for item in layout.placed.values():
        _draw_box(canvas, item, y[item.row], layout.box_width(item.row))


def _draw_box(canvas: Canvas, item: Placed, y: float, width: float) -> None:
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
    canvas.text(item.x, below, _inputs(node), 10, inner, fill=soft, **middle)


def _inputs(node: Node) -> str:
    parts = []
    if node.n_variants:
        parts.append(f"{node.n_variants:,} variant{'s' * (node.n_variants > 1)}")
    if node.n_parents:
        parts.append(f"{node.n_parents:,} input{'s' * (node.n_parents > 1)}")
    return ", ".join(parts) or (node.kind or "node")


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
        text = f"+ {layout.hidden[level]:,} more"
        canvas.text(x, y[row] + 4, text, 12, width - 12, anchor="middle", fill=SOFT)


def _draw_variants(
    canvas: Canvas, record: dict, layout: Layout, y: list[float], room: float
) -> None:
    top = y[0] + BOX_HEIGHT / 2 + 40
    counts = record.get("counts") or {}
    total = counts.get("variants") or counts.get("n_variant")
    text = f"{int(total):,} variants" if total else "variants"
    for name in layout.rows[0]:
        item = layout.placed[name]
        if item.node.n_variants:
            start = y[0] + BOX_HEIGHT / 2
            canvas.line(item.x, start, item.x, top, stroke="#8d9b94", stroke_width=1.4)
    canvas.rect(0, top, room, 26, fill="#eef1ef", rx=6)
    canvas.text(room / 2, top + 17.5, text, 12, room - 20, anchor="middle", fill=SOFT)


def _draw_polygenic(canvas: Canvas, y: list[float], room: float, right: float) -> None:
    bottom = y[0] + BOX_HEIGHT / 2 + 53
    x = room + 34
    d = f"M{room} {bottom}H{x - 12}Q{x} {bottom} {x} {bottom - 12}V28"
    canvas.path(
        f"{d}Q{x} 16 {x - 12} 16H{right}",
        fill="none",
        stroke=FAINT,
        stroke_width=1.4,
        stroke_dasharray="4 4",
    )
    middle = (bottom + 16) / 2
    canvas.text(
        x + 18, middle, "polygenic path", 11, rotate=-90, anchor="middle", fill=SOFT
    )


def _draw_scale(canvas: Canvas, top: float) -> None:
    canvas.text(0, top + 9, "sensitivity", 11, fill=SOFT)
    canvas.text(78, top + 9, "none", 11, fill=SOFT)
    for step in range(30):
        canvas.rect(110 + step * 4, top, 4.2, 11, fill=ramp(step / 29))
    canvas.text(238, top + 9, "largest", 11, fill=SOFT)


def _table(layout: Layout, n_edges: int) -> pd.DataFrame:
    rows = [
        {
            "node": item.node.name,
            "label": item.node.label,
            "kind": item.node.kind,
            "level": item.node.level,
            "n_variants": item.node.n_variants,
            "n_parents": item.node.n_parents,
            "relative_sensitivity": item.node.sensitivity,
            "reads": ";".join(s for s, t in layout.edges if t == item.node.name),
        }
        for item in layout.placed.values()
    ]
    return pd.DataFrame(rows)


def _caption(
    layout: Layout, nodes: list[Node], edges: list[tuple[str, str]], known: bool
) -> str:
    text = (
        f"{len(nodes):,} nodes and {len(edges):,} edges between them. Information "
        "flows from the variants upwards; every box computes one [[latent]]."
    )
    if known:
        text += " Darker boxes have more [[sensitivity]]."
    if any(layout.hidden.values()):
        first = "the most sensitive" if known else "those with most inputs"
        text += (
            f" Shown are {len(layout.placed)} nodes: at each level those that feed a "
            f"node shown above, {first} first."
        )
    return text
