"""Population structure: the first principal components, coloured by group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import percent
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, OTHER, category
from meristem.pages.panel import (
    draw_axes,
    draw_legend,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale, limits, thin
from meristem.pages.svg import Canvas
from meristem.report.view import View

WIDTH = 840
SIZE = 330
POINTS = 4000
SHOWN_GROUPS = 8


def draw_structure(view: View) -> Figure | None:
    """Return PC1-PC2 and PC3-PC4 of the genotypes; None without `structure.csv`."""
    frame = view.artefacts.structure
    axes = [name for name in ("pc1", "pc2", "pc3", "pc4") if name in frame.columns]
    axes = [name for name in axes if np.isfinite(frame[name]).any()]
    if frame.empty or len(axes) < 2:
        return None
    pairs = [(axes[0], axes[1])] + ([(axes[2], axes[3])] if len(axes) == 4 else [])
    shown = frame.iloc[thin(len(frame), POINTS)]
    groups = _groups(frame)
    legend = _legend(groups, frame)
    probe = Canvas(WIDTH, 0, "")
    used = draw_legend(probe, legend, 0, 16) if legend else 0
    top = used + 40
    canvas = Canvas(WIDTH, top + SIZE + 44, "Principal components of the genotypes")
    if legend:
        draw_legend(canvas, legend, 0, 16)
    left = 0.0
    for x_name, y_name in pairs:
        y_range = limits([frame[y_name]])
        left += tick_room(Scale(*y_range, SIZE, 0))
        width = (WIDTH - 40) / 2 - 50
        panel = make_panel((left, top, width, SIZE), limits([frame[x_name]]), y_range)
        draw_axes(
            canvas,
            panel,
            _axis_label(view, x_name),
            _axis_label(view, y_name),
            grid=True,
        )
        for name, colour in _draw_order(groups):
            members = shown if name is None else shown[shown["group"] == name]
            canvas.dots(
                panel.x(members[x_name]), panel.y(members[y_name]), 2.8, colour, 0.7
            )
        left = panel.right + 44
    columns = ["sample_id", *axes] + (["group"] if "group" in frame else [])
    return Figure("structure", canvas.to_svg(), frame[columns], _caption(frame, shown))


def _groups(frame: pd.DataFrame) -> dict[str, str]:
    """Return the colour of every group, the largest groups first."""
    sizes = frame.loc[frame["group"] != "", "group"].value_counts()
    ordered = sorted(sizes.index, key=lambda name: (-int(sizes[name]), str(name)))
    top = set(ordered[:SHOWN_GROUPS])
    named = sorted(top)
    colours = {name: category(position) for position, name in enumerate(named)}
    return colours | {name: OTHER for name in ordered if name not in top}


def _draw_order(groups: dict[str, str]) -> list[tuple[str | None, str]]:
    """Return (group, colour), grey first so that it hides nothing."""
    if not groups:
        return [(None, ACCENT)]
    grey = [("", OTHER)] + [(g, c) for g, c in groups.items() if c == OTHER]
    return [*grey, *((g, c) for g, c in groups.items() if c != OTHER)]


def _legend(groups: dict[str, str], frame: pd.DataFrame) -> list[tuple[str, str]]:
    entries = [(name, colour) for name, colour in groups.items() if colour != OTHER]
    others = sum(colour == OTHER for colour in groups.values())
    if others:
        entries.append((f"{others} other groups", OTHER))
    elif groups and (frame["group"] == "").any():
        entries.append(("no group known", OTHER))
    return entries


def _axis_label(view: View, name: str) -> str:
    structure = (view.artefacts.data or {}).get("structure") or {}
    shares = structure.get("explained_share") or []
    position = int(name[2:]) - 1
    label = f"PC {position + 1}"
    if position < len(shares):
        label += f" ({percent(shares[position])} of the variation)"
    return label


def _caption(frame: pd.DataFrame, shown: pd.DataFrame) -> str:
    text = (
        f"{len(frame):,} lines on the main axes of their genetic differences "
        "([[principal component|principal components]]); lines that lie close are "
        "related."
    )
    if len(shown) < len(frame):
        text += f" {len(shown):,} of them are drawn."
    return text
