"""A panel with one labelled row per item, the items below one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meristem.pages.palette import INK, RULE, SOFT
from meristem.pages.panel import Panel, draw_x_axis, make_panel
from meristem.pages.svg import Canvas, text_width

WIDTH = 840


def label_room(
    labels: Sequence[str],
    most: float,
    *,
    size: float = 12,
    pad: float = 14,
    least: float = 0,
) -> float:
    """Return the px that the labels need beside a panel, `most` at most.

    Examples
    --------
    >>> label_room(["a", "ab"], 300) < label_room(["a", "abc"], 300)
    True
    """
    widest = max((text_width(label, size) for label in labels), default=0.0)
    return min(max(widest + pad, least), most)


@dataclass(frozen=True)
class Rows:
    """A drawing under construction with a panel and its rows."""

    canvas: Canvas
    panel: Panel
    pitch: float  # px from row to row

    def __iter__(self) -> Iterator[float]:
        """Yield the middle of every row in px, from the top."""
        number = round(self.panel.height / self.pitch)
        return (self.middle(position) for position in range(number))

    def middle(self, position: int) -> float:
        """Return the middle of a row in px."""
        return self.panel.top + self.pitch * (position + 0.5)


def draw_rows(
    title: str,
    labels: Sequence[str],
    x: tuple[float, float],
    axis: str,
    room: tuple[float, float, float],
    pitch: float,
    *,
    notes: Sequence[str] = (),
    rules: bool = True,
) -> Rows:
    """Return the canvas of a figure with labels, rules between rows, and the x axis.

    Parameters
    ----------
    title
        What is drawn.
    labels, notes
        Text beside every row, and a smaller line below it where there are notes.
    x, axis
        Range of the panel, and what its axis is called.
    room
        Room in px: left and right of the panel, and above it.
    pitch
        Height of a row in px.
    rules
        Whether lines part the rows.
    """
    left, right, top = room
    height = pitch * len(labels)
    canvas = Canvas(WIDTH, top + height + (46 if notes else 44), title)
    panel = make_panel((left, top, WIDTH - left - right, height), x, (0, 1))
    draw_x_axis(canvas, panel, axis, grid=True)
    rows = Rows(canvas, panel, pitch)
    label_rows(rows, labels, left, notes, rules)
    return rows


def label_rows(
    rows: Rows,
    labels: Sequence[str],
    left: float,
    notes: Sequence[str] = (),
    rules: bool = True,
) -> None:
    """Draw the labels in the `left` px beside the rows, and the lines between these."""
    canvas = rows.canvas
    for position, (label, y) in enumerate(zip(labels, rows, strict=True)):
        if position and rules:
            above = y - rows.pitch / 2
            canvas.line(0, above, canvas.width, above, stroke=RULE)
        if notes:
            canvas.text(0, y - 1, label, 13, left - 14)
            canvas.text(0, y + 13, notes[position], 10.5, left - 14, fill=SOFT)
        else:
            canvas.text(0, y + 4, label, 12, left - 14, fill=INK)
