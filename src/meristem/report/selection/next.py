"""What to phenotype next: the chosen lines, or cells, and what each adds."""

from __future__ import annotations

from meristem.pages.numbers import count, number
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import ACCENT
from meristem.pages.panel import draw_axes, make_panel, tick_room
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided

SHOWN = 25


def next_section(decided: Decided) -> Section | None:
    """Return the lines to phenotype next; None where none are asked."""
    table = decided.next
    if table.empty:
        return None
    said = decided.summary["further"].get("design", [])
    intro = " ".join(f"{line[0].upper()}{line[1:]}." for line in said)
    criterion = next(name for name in table.columns if name.endswith("_mean"))
    columns = {
        "order": "order",
        "sample_id": "line",
        "environment": "environment",
        "cost": "cost",
        "cumulative_cost": "cost so far",
        criterion: f"{criterion.removesuffix('_mean').upper()}mean with it",
    }
    kept = [name for name in columns if name in table]
    shown = table[kept].head(SHOWN).rename(columns=columns)
    formats: dict[str, Format] = {
        columns["cost"]: number,
        columns["cumulative_cost"]: number,
    }
    formats |= {columns[criterion]: number, "order": count}
    note = f"{len(shown)} of {len(table):,}; all are in next.csv."
    blocks: tuple[Block, ...] = (
        _figure(decided, criterion, columns[criterion]),
        str(table_html(shown, formats, note=note)),
    )
    return Section("What to phenotype next", "next", "", intro, blocks)


def _figure(decided: Decided, criterion: str, axis: str) -> Figure:
    table = decided.next
    canvas = Canvas(840, 300, "What each further line adds")
    x, y = limits([table["cumulative_cost"]], include=[0.0]), limits([table[criterion]])
    left = tick_room(Scale(*y, 200, 0)) + 4
    panel = make_panel((left, 34, 840 - left - 20, 210), x, y)
    draw_axes(canvas, panel, "cost so far", axis.removesuffix(" with it"))
    points = zip(
        panel.x(table["cumulative_cost"]), panel.y(table[criterion]), strict=True
    )
    canvas.polyline(list(points), stroke=ACCENT, stroke_width=2)
    canvas.dots(panel.x(table["cumulative_cost"]), panel.y(table[criterion]), 3, ACCENT)
    caption = "What is known of the candidates with the first lines of the list."
    return Figure("selection_next", canvas.to_svg(), table, caption)
