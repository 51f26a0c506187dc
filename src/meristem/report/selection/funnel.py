"""The funnel: how many candidates every filter leaves, and what it costs."""

from __future__ import annotations

from meristem.pages.numbers import count, fixed, number, plural
from meristem.pages.page import Figure, Section
from meristem.pages.palette import ACCENT, INK, NULL, WARN
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.table import table_html
from meristem.report.selection.decided import Decided


def funnel_section(decided: Decided) -> Section:
    """Return the filters with the lines they take and the index they cost."""
    table = decided.funnel
    shown = table[["name", "removed", "left", "mean", "best", "lost", "coancestry"]]
    k = decided.summary["selected"]
    headings = {
        "name": "step",
        "mean": "mean index",
        "best": f"mean of the best {k}",
        "lost": "lost by it",
        "coancestry": "mean coancestry",
    }
    formats = {"removed": count, "left": count}
    formats |= dict.fromkeys(("mean", "best", "lost"), number)
    formats["coancestry"] = _four
    intro = (
        "Filters in order. What a filter costs is told of the lines that would be "
        "selected without the filters after it, in units of the index; what it costs "
        "in diversity by the mean coancestry of the lines left. Gains and Ne are "
        "counted from the first row. Checks are never counted."
    )
    return Section(
        "What the filters took",
        "funnel",
        "",
        intro,
        (_figure(decided), str(table_html(shown, formats, headings, sortable=False))),
    )


def _four(value: float) -> str:
    return fixed(value, 4)


def costs_section(decided: Decided) -> Section:
    """Return what every filter and constraint took away, in one table."""
    table = decided.costs
    intro = (
        "Filters: of the mean index of the lines that would be selected. Diversity: of "
        "the gain of the contributions, against the greatest gain. Crosses: of "
        "their mean value, against as many of the most valuable pairs without limits."
    )
    headings = {"constraint": "filter or constraint", "lost": "lost, index units"}
    html = table_html(table, {"lost": number}, headings, sortable=False)
    return Section("What was lost where", "costs", "", intro, (str(html),))


def _figure(decided: Decided) -> Figure:
    table = decided.funnel
    names, left = table["name"].tolist(), table["left"].tolist()
    room = label_room(names, 330, pad=26)
    most = max(left[0], 1)
    rows = draw_rows(
        "Candidates left after every filter",
        names,
        (0, most),
        "candidates left",
        (room, 150, 12),
        34,
    )
    for place, (y, kept) in enumerate(zip(rows, left, strict=True)):
        start = float(rows.panel.x(0))
        before = float(rows.panel.x(left[max(place - 1, 0)]))
        end = float(rows.panel.x(kept))
        rows.canvas.rect(start, y - 9, before - start, 18, fill=NULL)
        rows.canvas.rect(start, y - 9, end - start, 18, fill=ACCENT)
        lost = float(table["lost"].iloc[place])
        text = f"{kept:,}" + (f"   index {number(-lost)}" if lost > 0 else "")
        colour = WARN if lost > 0 else INK
        rows.canvas.text(before + 8, y + 4, text, 12, fill=colour)
    caption = (
        f"{plural(left[0], 'candidate')}, {left[-1]:,} after all filters. Grey: what a "
        "step took. Brown: what it cost the best lines, units of the index."
    )
    return Figure("selection_funnel", rows.canvas.to_svg(), table, caption)
