"""The network, drawn: variants at the bottom, the trait on top."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.pages.boxes import (
    BAR,
    BELOW,
    draw_boxes,
    draw_trait,
    draw_variants,
    read_nodes,
    row_places,
)
from meristem.pages.layered import Layout, Node, place
from meristem.pages.page import Figure
from meristem.pages.palette import FAINT, SOFT, ramp
from meristem.pages.routing import BOX_HEIGHT, draw_edges
from meristem.pages.svg import Canvas
from meristem.report.view import View

WIDTH = 840
LANE = 84  # room at the right for the polygenic path
PER_ROW = 6
PER_ROW_LARGE = 7  # one row per level where not every node can be shown


def draw_network(view: View) -> Figure | None:
    """Return the network with its most sensitive nodes; None without `network.json`."""
    record = view.artefacts.network
    if not record or not record.get("nodes"):
        return None
    sensitivity = scaled_sensitivity(view)
    nodes = read_nodes(record, sensitivity)
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
    y = row_places(layout)
    height = y[0] + BOX_HEIGHT / 2 + BELOW + BAR + 8
    known = bool(sensitivity)
    canvas = Canvas(WIDTH, height + (34 if known else 0), "The network")
    traits = dict.fromkeys(target.trait for target in view.targets)
    text = next(iter(traits)) if len(traits) == 1 else f"{len(traits)} traits"
    right = draw_trait(canvas, text, layout, y, room)
    draw_edges(canvas, layout, y)
    draw_boxes(canvas, layout, y)
    counts = record.get("counts") or {}
    total = counts.get("variants") or counts.get("n_variant")
    draw_variants(canvas, int(total) if total else None, layout, y, room)
    if polygenic:
        _draw_polygenic(canvas, y, room, right)
    if known:
        _draw_scale(canvas, height + 14)
    table = _table(layout)
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


def _table(layout: Layout) -> pd.DataFrame:
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
