"""Colours and type of every page and figure: one accent, a colour-blind safe set."""

from __future__ import annotations

INK = "#1c2622"
SOFT = "#5d6963"
FAINT = "#98a39d"
RULE = "#dde3df"
PAPER = "#ffffff"
ACCENT = "#12704f"
WARN = "#b5541c"
NEUTRAL = "#66747f"
NULL = "#c9d0cc"

FONT = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI',Inter,Roboto,"
    "'Helvetica Neue',Arial,sans-serif"
)

# Okabe & Ito (2008), "Color Universal Design", yellow darkened to be read on white.
CATEGORIES: tuple[str, ...] = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b8860b",
    "#56b4e9",
    "#7a5195",
    "#8c564b",
)
OTHER = "#b4bcb7"

# Dark enough at the end for white text, light enough at the start for ink.
_RAMP: tuple[tuple[int, int, int], ...] = (
    (243, 246, 244),
    (200, 225, 213),
    (133, 190, 165),
    (58, 143, 111),
    (15, 92, 65),
)


_DARK = 0.75  # share of the ramp from which white is read more easily than ink


def ink_on(share: float) -> str:
    """Return the colour of text on `ramp(share)`.

    Examples
    --------
    >>> ink_on(0.2) == INK, ink_on(0.9) == PAPER
    (True, True)
    """
    return PAPER if share > _DARK else INK


def category(position: int) -> str:
    """Return the colour of the category at `position`; grey beyond the palette."""
    return CATEGORIES[position] if position < len(CATEGORIES) else OTHER


def ramp(share: float) -> str:
    """Return a colour from pale (0) to the dark accent (1).

    Examples
    --------
    >>> ramp(0.0), ramp(1.0)
    ('#f3f6f4', '#0f5c41')
    """
    place = min(max(share, 0.0), 1.0) * (len(_RAMP) - 1)
    low = min(int(place), len(_RAMP) - 2)
    part = place - low
    pairs = zip(_RAMP[low], _RAMP[low + 1], strict=True)
    mixed = (round(a + (b - a) * part) for a, b in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def diverge(share: float) -> str:
    """Return a colour from the warning (-1) through white (0) to the accent (1).

    Examples
    --------
    >>> diverge(-1.0), diverge(0.0), diverge(1.0)
    ('#b5541c', '#ffffff', '#12704f')
    """
    place = min(max(share, -1.0), 1.0)
    end = ACCENT if place >= 0 else WARN
    channels = (int(end[k : k + 2], 16) for k in (1, 3, 5))
    mixed = (round(255 + (channel - 255) * abs(place)) for channel in channels)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
