"""Sequences drawn as logos: the height of a letter is what it adds."""

from __future__ import annotations

import numpy as np

from meristem.pages.numbers import fixed
from meristem.pages.palette import NEUTRAL, SOFT
from meristem.pages.svg import Canvas
from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import BASES
from meristem.sequence.motifs.motif import Motif, information

COLOURS = {"A": "#1a7f4b", "C": "#2b5fad", "G": "#c98a12", "T": "#b8402a"}

_GLYPHS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (
        (
            (0, 1),
            (0.4, 0),
            (0.6, 0),
            (1, 1),
            (0.8, 1),
            (0.7, 0.72),
            (0.3, 0.72),
            (0.2, 1),
        ),
        ((0.36, 0.55), (0.64, 0.55), (0.5, 0.16)),
    ),
    "C": (
        (
            (0.98, 0.3),
            (0.78, 0.3),
            (0.68, 0.17),
            (0.5, 0.14),
            (0.3, 0.22),
            (0.21, 0.5),
            (0.3, 0.78),
            (0.5, 0.86),
            (0.68, 0.83),
            (0.78, 0.68),
            (0.98, 0.68),
            (0.84, 0.94),
            (0.5, 1),
            (0.16, 0.88),
            (0, 0.5),
            (0.16, 0.12),
            (0.5, 0),
            (0.84, 0.06),
        ),
    ),
    "G": (
        (
            (0.98, 0.3),
            (0.78, 0.3),
            (0.68, 0.17),
            (0.5, 0.14),
            (0.3, 0.22),
            (0.21, 0.5),
            (0.3, 0.78),
            (0.5, 0.86),
            (0.78, 0.82),
            (0.78, 0.63),
            (0.52, 0.63),
            (0.52, 0.49),
            (0.98, 0.49),
            (0.98, 1),
            (0.84, 1),
            (0.8, 0.93),
            (0.5, 1),
            (0.16, 0.88),
            (0, 0.5),
            (0.16, 0.12),
            (0.5, 0),
            (0.84, 0.06),
        ),
    ),
    "T": (
        (
            (0, 0),
            (1, 0),
            (1, 0.16),
            (0.6, 0.16),
            (0.6, 1),
            (0.4, 1),
            (0.4, 0.16),
            (0, 0.16),
        ),
    ),
}


def draw_letter(
    canvas: Canvas, letter: str, box: tuple[float, float, float, float], tip: str = ""
) -> None:
    """Draw a letter that fills a box (left, top, width, height)."""
    left, top, width, height = box
    d = "".join(
        "M"
        + "L".join(f"{left + x * width:.1f} {top + y * height:.1f}" for x, y in ring)
        + "Z"
        for ring in _GLYPHS[letter]
    )
    canvas.path(d, tip, fill=COLOURS[letter], fill_rule="evenodd")


def draw_map(
    value: FloatArray,  # (4, length)
    title: str,
    width: float = 840,
    height: float = 110,
) -> str:
    """Return an attribution map as SVG: letters up where they add, down where not."""
    length = value.shape[1]
    most = max(float(np.abs(value).max()), 1e-12)
    canvas = Canvas(width, height + 24, title)
    pitch = (width - 44) / length
    up = max(float(value.max()), 0.0)
    down = max(float(-value.min()), 0.0)
    unit = (height - 12) / max(up + down, 1e-12)
    zero = 6 + up * unit
    canvas.line(40, zero, width, zero, stroke=NEUTRAL)
    canvas.text(36, 14, fixed(up, 2), 10, anchor="end", fill=SOFT)
    canvas.text(
        36, zero + down * unit + 2, fixed(-down, 2), 10, anchor="end", fill=SOFT
    )
    for place in range(length):
        for row in np.flatnonzero(np.abs(value[:, place]) > 0.01 * most):
            size = float(value[row, place]) * unit
            box = (40 + place * pitch, zero - max(size, 0), pitch * 0.94, abs(size))
            tip = f"{BASES[row]}{place + 1}: {fixed(float(value[row, place]), 3)}"
            draw_letter(canvas, BASES[row], box, tip)
    for place in range(0, length, 10):
        x = 40 + (place + 0.5) * pitch
        canvas.text(x, height + 20, str(place + 1), 10, anchor="middle", fill=SOFT)
    return canvas.to_svg()


def draw_motif(motif: Motif, width: float = 840, height: float = 80) -> str:
    """Return a motif as SVG: the height of a position is its information in bits."""
    canvas = Canvas(width, height, motif.title)
    pitch = min(width / motif.width, 22.0)
    for place, bits in enumerate(information(motif)):
        bottom = height - 4.0
        order = np.argsort(motif.probability[:, place])
        for row in order:
            size = float(motif.probability[row, place] * bits) / 2 * (height - 8)
            if size > 0.3:
                bottom -= size
                box = (place * pitch, bottom, pitch * 0.94, size)
                draw_letter(canvas, BASES[row], box)
    return canvas.to_svg()
