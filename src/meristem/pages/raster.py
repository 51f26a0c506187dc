"""Drawings as PNG, for slides and documents that take no SVG."""

from __future__ import annotations

from functools import cache

import resvg_py

from meristem.pages.palette import PAPER

ZOOM = 2.0
"""Pixels per unit of the drawing: sharp on a slide."""


def png_of(svg: str) -> bytes | None:
    """Return a drawing as PNG, or None where the machine has no font to write with.

    Parameters
    ----------
    svg
        One `<svg>` element.

    Examples
    --------
    >>> square = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    >>> image = png_of(square)
    >>> image is None or image[1:4] == b"PNG"
    True
    """
    return _render(svg) if has_font() else None


@cache
def has_font() -> bool:
    """Return whether text leaves a mark: without fonts it is dropped silently."""
    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">{}</svg>'
    text = '<text x="2" y="30" font-size="30" font-family="sans-serif">M</text>'
    return _render(blank.format(text)) != _render(blank.format(""))


def _render(svg: str) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM, background=PAPER))
