"""A small drawing layer: shapes and text that ends up as one `<svg>` element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import ArrayLike

from meristem.pages.palette import FONT, INK, PAPER

_NARROW = "fijltrI.,:;'|!()[]{}/\\ \u2009"
_WIDE = "mwMW@%\u2014"
_SAFETY = 1.06  # the fonts a reader has differ by some per cent


def _character_width(character: str) -> float:
    """Return the width of a character in units of the font size."""
    if character in _NARROW:
        return 0.31
    if character in _WIDE:
        return 0.88
    if ord(character) > 0x2E7F:
        return 1.0
    if character.isupper():
        return 0.69
    return 0.56


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is, in the units of `size`.

    Examples
    --------
    >>> text_width("illi", 10) < text_width("WWWW", 10)
    True
    """
    return _SAFETY * size * sum(_character_width(character) for character in text)


def shorten(text: str, size: float, width: float) -> str:
    """Return the text, its middle cut out if it is wider than `width`.

    Examples
    --------
    >>> shorten("GO:0008150", 10, 200), shorten("abcdefghijklmnopqrstuvwxyz", 10, 60)
    ('GO:0008150', 'abcd…wxyz')
    """
    if text_width(text, size) <= width + 1e-6:  # room is reckoned from the same width
        return text
    for kept in range(len(text) - 1, 1, -1):
        head = (kept + 1) // 2
        candidate = f"{text[:head].rstrip()}\u2026{text[len(text) - kept // 2 :]}"
        if text_width(candidate, size) <= width:
            return candidate
    return "\u2026"


def wrap(text: str, size: float, width: float, lines: int = 2) -> list[str]:
    """Return the text in at most `lines` lines, the last cut.

    Broken at spaces; words that are too wide, also after the signs within them.
    """
    made: list[str] = []
    current = ""
    words = [
        piece
        for word in text.split()
        for piece in _pieces(word, text_width(word, size) > width)
    ]
    for position, word in enumerate(words):
        longer = f"{current}{word}"
        if text_width(longer.rstrip(), size) <= width or not current:
            current = longer
            continue
        if len(made) == lines - 1:
            current = "".join([current, *words[position:]])
            break
        made.append(current.rstrip())
        current = word
    current = current.rstrip()
    return [_cut(line, size, width) for line in [*made, current]]


def _pieces(word: str, wide: bool) -> list[str]:
    """Return a word with the space behind it, in pieces if it is too wide."""
    parts = re.findall(r"[^_:/.-]*[_:/.-]+|[^_:/.-]+", word) if wide else [word]
    return [*parts[:-1], f"{parts[-1]} "]


def _cut(text: str, size: float, width: float) -> str:
    """Return the text, its end cut off if it is wider than `width`."""
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        candidate = f"{text[:kept].rstrip()}\u2026"
        if text_width(candidate, size) <= width:
            return candidate
    return "\u2026"


def clean(text: object) -> str:
    """Return the text without characters that XML does not allow."""
    kept = (c if c >= " " or c in "\t\n" else "\ufffd" for c in str(text))
    return "".join(c for c in kept if c not in "\ufffe\uffff")


def coordinate(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


class Canvas:
    """A drawing under construction, measured from the top left corner.

    Keyword arguments of the shapes become attributes: `stroke_width=2` is written
    `stroke-width="2"`. `tip` is shown when the pointer rests on the shape.

    Parameters
    ----------
    width, height
        Size in px; the drawing scales with the page.
    title
        What is drawn, for those who cannot see it.

    Examples
    --------
    >>> canvas = Canvas(100, 40, "one dot")
    >>> canvas.circle(10, 20, 3, fill="#000", tip="a & b")
    >>> "a &amp; b" in canvas.to_svg()
    True
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width = width
        self.height = height
        self.title = title
        self._parts: list[str] = []

    def _add(self, tag: str, attributes: str, tip: str, **style: object) -> None:
        extra = "".join(
            f" {name.replace('_', '-')}={quoteattr(_plain(value))}"
            for name, value in style.items()
            if value is not None and value != ""
        )
        if tip:
            inner = f"<title>{escape(clean(tip))}</title>"
            self._parts.append(f"<{tag} {attributes}{extra}>{inner}</{tag}>")
        else:
            self._parts.append(f"<{tag} {attributes}{extra}/>")

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        tip: str = "",
        **style: object,
    ) -> None:
        """Draw a rectangle."""
        place = f'x="{coordinate(x)}" y="{coordinate(y)}"'
        size = f'width="{coordinate(max(width, 0))}" height="{coordinate(height)}"'
        self._add("rect", f"{place} {size}", tip, **style)

    def line(self, x1: float, y1: float, x2: float, y2: float, **style: object) -> None:
        """Draw a straight line."""
        start = f'x1="{coordinate(x1)}" y1="{coordinate(y1)}"'
        end = f'x2="{coordinate(x2)}" y2="{coordinate(y2)}"'
        self._add("line", f"{start} {end}", "", **style)

    def polyline(self, points: Iterable[tuple[float, float]], **style: object) -> None:
        """Draw a line through points."""
        joined = " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)
        self._add("polyline", f'points="{joined}" fill="none"', "", **style)

    def path(self, d: str, tip: str = "", **style: object) -> None:
        """Draw a path given in SVG's own notation."""
        self._add("path", f'd="{d}"', tip, **style)

    def circle(
        self, x: float, y: float, r: float, tip: str = "", **style: object
    ) -> None:
        """Draw a circle."""
        place = f'cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(r)}"'
        self._add("circle", place, tip, **style)

    def dots(
        self, x: ArrayLike, y: ArrayLike, r: float, fill: str, opacity: float = 1.0
    ) -> None:
        """Draw many equal dots as one element, some ten bytes each."""
        xs = np.round(np.asarray(x, dtype=float), 1)
        ys = np.round(np.asarray(y, dtype=float), 1)
        if xs.size == 0:
            return
        unique = np.unique(np.column_stack([xs, ys]), axis=0)
        d = "".join(f"M{coordinate(a)} {coordinate(b)}h0" for a, b in unique)
        self._add(
            "path",
            f'd="{d}" fill="none" stroke-linecap="round"',
            "",
            stroke=fill,
            stroke_width=coordinate(2 * r),
            stroke_opacity=opacity if opacity < 1 else None,
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 12,
        width: float = 0,
        **style: object,
    ) -> None:
        """Write text; cut to `width` if given, the whole text then in its tip.

        `anchor` is `start`, `middle` or `end`; `rotate` turns it, in degrees; `halo`
        puts a rim of the paper's colour around it, to be read upon lines.
        """
        text = clean(text)
        shown = shorten(text, size, width) if width else text
        anchor = style.pop("anchor", "start")
        rotate = style.pop("rotate", None)
        attributes = f'x="{coordinate(x)}" y="{coordinate(y)}" font-size="{size:g}"'
        if anchor != "start":
            attributes += f' text-anchor="{anchor}"'
        if rotate is not None:
            turn = f"rotate({rotate} {coordinate(x)} {coordinate(y)})"
            attributes += f' transform="{turn}"'
        style.setdefault("fill", INK)
        if style.pop("halo", False):
            style |= {"paint_order": "stroke", "stroke": PAPER, "stroke_width": 3}
        extra = "".join(
            f" {name.replace('_', '-')}={quoteattr(_plain(value))}"
            for name, value in style.items()
            if value is not None
        )
        tip = f"<title>{escape(text)}</title>" if shown != text else ""
        self._parts.append(f"<text {attributes}{extra}>{tip}{escape(shown)}</text>")

    def lines(
        self, x: float, y: float, rows: Sequence[str], size: float = 12, **style: object
    ) -> None:
        """Write several lines of text below one another."""
        for position, row in enumerate(rows):
            self.text(x, y + position * size * 1.3, row, size, 0, **style)

    def to_svg(self) -> str:
        """Return the drawing as an `<svg>` element."""
        width, height = coordinate(self.width), coordinate(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" '
            f"aria-label={quoteattr(clean(self.title))} font-family={quoteattr(FONT)}>"
        )
        paper = f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
        return "\n".join([head, paper, *self._parts, "</svg>"])


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
