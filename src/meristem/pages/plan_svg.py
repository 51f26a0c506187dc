"""Pieces of the network drawing as SVG text: cards, edges, legend."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

CARD = (190.0, 44.0)  # width, height
PITCH = 296.0  # from column to column
GAP = 14.0
LANE = 16.0
MARGIN = (64.0, 84.0, 32.0, 60.0)  # left, top, right, bottom
STACK = 26.0  # width of the variants' stack left of a card
_LABEL_WIDTH = 160.0
_FONT = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_INK, _MUTED, _FAINT, _LINE = "#1c2733", "#64717f", "#eef1f4", "#c3ccd5"
_ACCENT = "#0f766e"
_KIND_COLOURS = {
    "gene": "#0f766e",
    "term": "#4f5bd5",
    "set": "#8b5cb8",
    "metabolite": "#2f7fb5",
    "hormone": "#c2761b",
    "protein": "#b4456a",
    "signal": "#b4456a",
}
_OTHER_COLOURS = ("#5b7083", "#a3663f", "#6d8a2f", "#9a4d8f")


@dataclass(frozen=True)
class Card:
    """One node as it is drawn."""

    name: str
    label: str
    kind: str
    note: str  # second line
    n_variant: int
    share: float  # of the largest value; 0 without values
    value: float | None


def _text_width(text: str) -> float:
    """Return about how wide a text is at 13 px, semi-bold."""
    narrow = sum(letter in "fijlrtI.,:;'|()[]- " for letter in text)
    wide = sum(letter in "mwMW@%" or letter.isupper() for letter in text)
    return 4.6 * narrow + 9.4 * wide + 7.6 * (len(text) - narrow - wide)


def shorten(text: str, width: float = _LABEL_WIDTH) -> str:
    """Return a label that fits a width in px, with an ellipsis where it was cut.

    Examples
    --------
    >>> shorten("sucrose"), shorten("regulation of something very long", 90)
    ('sucrose', 'regulation of…')
    """
    if _text_width(text) <= width:
        return text
    while text and _text_width(text) + 9 > width:
        text = text[:-1]
    return text.rstrip() + "…"


def plural(number: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "edge"), plural(2500, "edge")
    ('1 edge', '2,500 edges')
    """
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def kind_colours(kinds: list[str]) -> dict[str, str]:
    """Return a colour for every kind, in order of appearance."""
    spare = iter(_OTHER_COLOURS * (1 + len(kinds) // len(_OTHER_COLOURS)))
    return {
        kind: _KIND_COLOURS.get(kind) or next(spare) for kind in dict.fromkeys(kinds)
    }


def _tint(colour: str, share: float) -> str:
    """Return a colour mixed with white; 0 is white, 1 a third of the colour."""
    channel = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [round(255 - (255 - value) * 0.34 * share) for value in channel]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def text_at(
    x: float,
    y: float,
    text: str,
    style: str = "",
) -> str:
    """Write a text at a point; `style` is an attribute with a blank before it."""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'


def draw_card(card: Card, x: float, y: float, colour: str) -> str:
    """Draw a node at the left edge `x` and the centre `y`, its variants beside it."""
    width, height = CARD
    top = y - height / 2
    parts = [f"<g><title>{escape(f'{card.name}: {card.label} ({card.kind})')}</title>"]
    if card.n_variant:
        parts.append(_draw_stack(x, y))
    fill = _tint(colour, card.share) if card.value is not None else "#ffffff"
    parts += [
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:g}" height="{height:g}" '
        f'rx="9" fill="{fill}" stroke="{colour}" stroke-opacity="0.45"/>',
        f'<rect x="{x + 9:.1f}" y="{top + 11:.1f}" width="3.5" '
        f'height="{height - 22:g}" rx="1.75" fill="{colour}"/>',
        text_at(x + 21, y - 3.5, shorten(card.label), ' class="name"'),
        text_at(x + 21, y + 12.5, card.note, ' class="note"'),
    ]
    if card.value is not None:
        shown = f"{card.value:.3g}"
        parts.append(text_at(x + width - 10, y + 12.5, shown, ' class="value"'))
    return "".join([*parts, "</g>"])


def _draw_stack(x: float, y: float) -> str:
    """Draw the stack of variants a card reads, with its short line."""
    left = x - STACK - 12
    line = (
        f'<path d="M{left + 20:.1f} {y:.1f}H{x:.1f}" stroke="{_LINE}" '
        'stroke-width="1.6" fill="none"/>'
    )
    ticks = [
        f'<rect x="{left + 6 * place:.1f}" y="{y - 10:.1f}" width="3.4" height="20" '
        f'rx="1.7" fill="{_MUTED}" fill-opacity="{0.3 + 0.22 * place:.2f}"/>'
        for place in range(4)
    ]
    return line + "".join(ticks)


def draw_edge(
    points: list[tuple[float, float]],  # starts and ends of the straight parts
    share: float | None,
    *,
    dashed: bool,
) -> str:
    """Draw an edge; its thickness follows `share`, 0 to 1, when there are values."""
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in zip(points[:-1], points[1:], strict=True):
        bend = (x2 - x1) * 0.5
        path.append(
            f"C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        )
    if share is None:
        style = f'stroke="{_LINE}" stroke-width="1.5"'
    else:
        opacity = 0.18 + 0.62 * share
        style = (
            f'stroke="{_ACCENT}" stroke-opacity="{opacity:.2f}" '
            f'stroke-width="{1 + 3.5 * share:.2f}"'
        )
    if dashed:
        style += ' stroke-dasharray="2 5" stroke-linecap="round"'
    return f'<path d="{"".join(path)}" fill="none" {style}/>'


def column_x(column: int) -> float:
    """Return the left edge of a column in px."""
    return MARGIN[0] + column * PITCH


def draw_more(number: int, x: float, y: float, what: str) -> str:
    """Draw the card that says how many nodes are not drawn."""
    width = CARD[0]
    return (
        f'<rect x="{x:.1f}" y="{y - 15:.1f}" width="{width:g}" height="30" rx="9" '
        f'fill="{_FAINT}" stroke="{_LINE}" stroke-dasharray="3 4"/>'
        + text_at(x + width / 2, y + 4.5, f"+ {number:,} more {what}", ' class="more"')
    )


def draw_trait(name: str, x: float, y: float) -> tuple[str, float]:
    """Draw the right end; return it and its width."""
    label = shorten(name, 200)
    width = max(110.0, _text_width(label) * 1.08 + 44)
    return (
        f'<rect x="{x:.1f}" y="{y - 22:.1f}" width="{width:.1f}" height="44" rx="22" '
        f'fill="{_INK}"/>' + text_at(x + width / 2, y + 5, label, ' class="trait"')
    ), width


def draw_legend(colours: dict[str, str], y: float, *, dashed: bool) -> str:
    """Draw what colours, stacks and dashes mean."""
    x = MARGIN[0]
    parts = []
    for kind, colour in colours.items():
        parts.append(f'<circle cx="{x + 5:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        parts.append(text_at(x + 16, y + 4, kind, ' class="note"'))
        x += 34 + 7.2 * len(kind)
    parts += [
        f'<rect x="{x + 6 * place:.1f}" y="{y - 7:.1f}" width="3" height="14" rx="1.5" '
        f'fill="{_MUTED}" fill-opacity="{0.3 + 0.22 * place:.2f}"/>'
        for place in range(4)
    ]
    parts.append(text_at(x + 30, y + 4, "variants it reads", ' class="note"'))
    if dashed:
        x += 146
        ends = [(x, y), (x + 30, y)]
        parts.append(draw_edge(ends, None, dashed=True))
        parts.append(text_at(x + 38, y + 4, "through nodes not drawn", ' class="note"'))
    return "".join(parts)


STYLE = (
    f"text{{font-family:{_FONT};fill:{_INK}}}"
    ".name{font-size:13px;font-weight:600}"
    f".note{{font-size:11px;fill:{_MUTED}}}"
    f".value{{font-size:11px;font-weight:600;fill:{_INK};text-anchor:end}}"
    f".more{{font-size:12px;fill:{_MUTED};text-anchor:middle}}"
    ".trait{font-size:14px;font-weight:600;fill:#ffffff;text-anchor:middle}"
    ".title{font-size:18px;font-weight:650}"
    f".head{{font-size:12px;fill:{_MUTED}}}"
)
