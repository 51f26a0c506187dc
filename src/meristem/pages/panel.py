"""A plotting area with its axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from meristem.pages.palette import ACCENT, INK, RULE, SOFT
from meristem.pages.scale import Scale, tick_labels
from meristem.pages.svg import Canvas, text_width
from meristem.records import FloatArray
from meristem.stats import metrics

TICK = 11  # font size of tick labels
LABEL = 12


@dataclass(frozen=True)
class Panel:
    """A rectangle in px with a scale for each direction (y grows upwards)."""

    left: float
    top: float
    width: float
    height: float
    x: Scale
    y: Scale

    @property
    def right(self) -> float:
        """Right edge in px."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge in px."""
        return self.top + self.height


def make_panel(
    box: tuple[float, float, float, float],
    x: tuple[float, float],
    y: tuple[float, float],
) -> Panel:
    """Return a panel in `box` (left, top, width, height) for ranges of x and y.

    Examples
    --------
    >>> panel = make_panel((50, 10, 100, 80), (0, 1), (0, 1))
    >>> float(panel.x(1)), float(panel.y(1))
    (150.0, 10.0)
    """
    left, top, width, height = box
    across = Scale(*x, left, left + width)
    upwards = Scale(*y, top + height, top)
    return Panel(left, top, width, height, across, upwards)


def draw_x_axis(
    canvas: Canvas, panel: Panel, label: str = "", grid: bool = False
) -> None:
    """Draw the ticks below the panel; their labels never touch each other."""
    ticks = panel.x.ticks
    labels = tick_labels(ticks)
    places = [float(place) for place in panel.x(ticks)] if ticks else []
    widest = max((text_width(text, TICK) for text in labels), default=0.0)
    gap = places[1] - places[0] if len(places) > 1 else float("inf")
    every = max(1, -int(-(widest + 6) // gap))
    for position, (place, text) in enumerate(zip(places, labels, strict=True)):
        if grid:
            canvas.line(place, panel.top, place, panel.bottom, stroke=RULE)
        if position % every == 0:
            middle = min(place, canvas.width - text_width(text, TICK) / 2)
            canvas.text(
                middle, panel.bottom + 16, text, TICK, anchor="middle", fill=SOFT
            )
    if label:
        middle = panel.left + panel.width / 2
        canvas.text(
            middle,
            panel.bottom + 34,
            label,
            LABEL,
            width=panel.width + 60,
            anchor="middle",
            fill=INK,
        )


def draw_y_axis(
    canvas: Canvas, panel: Panel, label: str = "", grid: bool = True
) -> None:
    """Draw the ticks left of the panel; the label stands above them, horizontal."""
    ticks = panel.y.ticks
    for tick, text in zip(ticks, tick_labels(ticks), strict=True):
        place = float(panel.y(tick))
        if grid:
            canvas.line(panel.left, place, panel.right, place, stroke=RULE)
        canvas.text(panel.left - 7, place + 3.8, text, TICK, anchor="end", fill=SOFT)
    if label:
        canvas.text(
            panel.left - tick_room(panel.y),
            panel.top - 10,
            label,
            LABEL,
            width=panel.width + 40,
            fill=INK,
        )


def draw_axes(
    canvas: Canvas, panel: Panel, x: str = "", y: str = "", grid: bool = False
) -> None:
    """Draw both axes and the frame; `grid` rules the x axis too."""
    draw_y_axis(canvas, panel, y)
    draw_x_axis(canvas, panel, x, grid)
    draw_frame(canvas, panel)


def tick_room(scale: Scale) -> float:
    """Return the px that the tick labels of a vertical scale need."""
    widths = (text_width(text, TICK) for text in tick_labels(scale.ticks))
    return max(widths, default=0.0) + 8


def draw_frame(canvas: Canvas, panel: Panel) -> None:
    """Draw the lines at the left and lower edge."""
    canvas.polyline(
        [
            (panel.left, panel.top),
            (panel.left, panel.bottom),
            (panel.right, panel.bottom),
        ],
        stroke="#aeb8b2",
    )


def draw_slope(
    canvas: Canvas,
    panel: Panel,
    slope: float,
    intercept: float,
    ends: tuple[float, float] | None = None,
    **style: object,
) -> None:
    """Draw y = intercept + slope x, cut at the edges of the panel."""
    low, high = ends or (panel.x.low, panel.x.high)
    if slope != 0:
        edges = sorted((y - intercept) / slope for y in (panel.y.low, panel.y.high))
        low, high = max(low, edges[0]), min(high, edges[1])
    if low >= high:
        return
    xs, ys = [low, high], [intercept + slope * low, intercept + slope * high]
    px, py = panel.x(xs), panel.y(ys)
    canvas.line(float(px[0]), float(py[0]), float(px[1]), float(py[1]), **style)


def draw_regression(
    canvas: Canvas,
    panel: Panel,
    y: FloatArray,  # (n,)
    x: FloatArray,  # (n,)
) -> None:
    """Draw the regression of y on x over the range of x, where there is one."""
    slope = metrics.slope(y, x)
    if not math.isfinite(slope) or np.ptp(y) == 0:
        return
    ends = (float(x.min()), float(x.max()))
    style: dict[str, object] = {"stroke": ACCENT, "stroke_width": 2.2}
    draw_slope(canvas, panel, slope, metrics.intercept(y, x), ends, **style)


def draw_legend(
    canvas: Canvas, entries: list[tuple[str, str]], left: float, top: float
) -> float:
    """Draw `(label, colour)` entries in rows; return the height used."""
    x, y = left, top
    for label, colour in entries:
        room = min(text_width(label, TICK), 220) + 30
        if x + room > canvas.width and x > left:
            x, y = left, y + 20
        canvas.circle(x + 5, y - 4, 4.5, fill=colour)
        canvas.text(x + 14, y, label, TICK, width=220, fill=SOFT)
        x += room
    return y - top + 20
