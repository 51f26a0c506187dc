"""Lines between boxes in rows that pass between the boxes, never through them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from meristem.pages.layered import Layout
from meristem.pages.palette import ACCENT
from meristem.pages.svg import Canvas

BOX_HEIGHT = 46.0

Ways = dict[tuple[str, str], list[tuple[float, float]]]
"""Edge -> the points between boxes that its line passes."""


def gaps(
    layout: Layout,
    y: list[float],
    below: int,
    above: int | None,
    x_start: float,
    x_end: float,
) -> list[tuple[float, float]]:
    """Return a point between the boxes of every row that a line has to pass."""
    last = len(layout.rows) if above is None else above
    points: list[tuple[float, float]] = []
    for row in range(below + 1, last):
        share = (row - below) / (last - below)
        wanted = x_start + share * (x_end - x_start)
        half = layout.box_width(row) / 2 + 7
        x = _free(wanted, layout.centres(row), half)
        points += [(x, y[row] + BOX_HEIGHT / 2), (x, y[row] - BOX_HEIGHT / 2)]
    return points


def _free(wanted: float, centres: list[float], half: float) -> float:
    """Return the place nearest to `wanted` that no box covers."""
    edges = [wanted, *(c - half for c in centres), *(c + half for c in centres)]
    clear = [
        x for x in edges if all(abs(x - centre) >= half - 1e-6 for centre in centres)
    ]
    return min(clear, key=lambda x: (abs(x - wanted), x), default=wanted)


def draw_curve(
    canvas: Canvas,
    points: list[tuple[float, float]],
    colour: str,
    opacity: float,
    width: float = 1.4,
    dashed: bool = False,
) -> None:
    """Draw a line through points that leaves and enters each of them upright."""
    d = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        bend = (y1 + y2) / 2
        d += f"C{x1:.1f} {bend:.1f} {x2:.1f} {bend:.1f} {x2:.1f} {y2:.1f}"
    canvas.path(
        d,
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_opacity=opacity,
        stroke_dasharray="2 5" if dashed else None,
    )


def draw_edges(
    canvas: Canvas,
    layout: Layout,
    y: list[float],
    strength: Mapping[str, float] | None = None,
    through: list[tuple[str, str]] | None = None,
) -> None:
    """Draw every edge between the rows.

    Parameters
    ----------
    canvas, layout
        The drawing, and the places of the boxes.
    y
        Middle of every row in px, bottom row first.
    strength
        0 to 1 per source; the line is as thick.
    through
        Links through nodes that are not shown; dashed.
    """
    opacity = float(np.clip(40 / max(len(layout.edges), 1), 0.25, 0.9))
    dashed = through or []
    edges = [*layout.edges, *dashed]
    between: Ways = {}
    for source, target in edges:
        start, end = layout.placed[source], layout.placed[target]
        between[source, target] = gaps(layout, y, start.row, end.row, start.x, end.x)
    departures, arrivals = _spread(layout, between, 0), _spread(layout, between, 1)
    for (source, target), points in between.items():
        start, end = layout.placed[source], layout.placed[target]
        out = departures[source, target] * layout.box_width(start.row) * 0.4
        into = arrivals[source, target] * layout.box_width(end.row) * 0.6
        first = (start.x + out, y[start.row] - BOX_HEIGHT / 2)
        final = (end.x + into, y[end.row] + BOX_HEIGHT / 2)
        colour, width = line_style((strength or {}).get(source))
        draw_curve(
            canvas,
            [first, *points, final],
            colour,
            opacity,
            width,
            (source, target) in dashed,
        )


def line_style(strength: float | None) -> tuple[str, float]:
    """Return colour and width in px of a line; None: its strength is unknown."""
    if strength is None:
        return "#8d9b94", 1.4
    return ACCENT, round(1 + 3.5 * strength, 2)


def _spread(layout: Layout, between: Ways, side: int) -> dict[tuple[str, str], float]:
    """Return the order of the edges at each box, as -0.5 to 0.5 of its width.

    They are ordered by where they come from last, so that they do not cross at once.
    """
    grouped: dict[str, list[tuple[str, str]]] = {}
    for edge in between:
        grouped.setdefault(edge[side], []).append(edge)

    def approach(edge: tuple[str, str]) -> tuple[float, float]:
        points, other = between[edge], layout.placed[edge[1 - side]].x
        return (points[-side][0] if points else other), other

    places: dict[tuple[str, str], float] = {}
    for members in grouped.values():
        members.sort(key=approach)
        for position, edge in enumerate(members):
            places[edge] = (position + 0.5) / len(members) - 0.5
    return places
