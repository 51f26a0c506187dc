"""The crosses: mean against spread of their progeny, and the list."""

from __future__ import annotations

import numpy as np

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Block, Figure, Section
from meristem.pages.palette import ACCENT, INK, NULL, PAPER, SOFT, WARN
from meristem.pages.panel import Panel, draw_axes, draw_slope, make_panel, tick_room
from meristem.pages.rows import draw_rows, label_room
from meristem.pages.scale import Scale, limits
from meristem.pages.svg import Canvas
from meristem.pages.table import Format, table_html
from meristem.report.selection.decided import Decided

SHOWN = 30
"""Crosses whose progeny are drawn."""

LINES = 4
"""Lines of equal usefulness drawn."""


def crosses_section(decided: Decided) -> Section | None:
    """Return the crosses to be made; None without a mating plan."""
    mating = decided.summary["mating"]
    if mating is None:
        return None
    base, n = decided.summary["index_mean"], mating["n"]

    def above(total: float) -> str:
        """Return the mean of the crosses above the mean of all candidates."""
        return number(total / n - base, 4)

    greedy = mating["greedy"]
    beaten = (
        f" The sorted list under the same limits has {above(greedy)}."
        if greedy is not None
        else " The sorted list finds no plan under these limits."
    )
    word = "usefulness" if mating["criterion"] == "usefulness" else "mid-parent value"
    intro = (
        f"{n} of {mating['allowed']:,} crosses that the limits allow. Their mean "
        f"{word} is {above(mating['value'])} above the index of the "
        f"{decided.summary['gain_base']}; no plan under these limits has more than "
        f"{above(mating['bound'])}: an [[optimality gap]] of "
        f"{percent(mating['gap'], 3)} of the gain.{beaten} This holds for the values "
        "as they are believed, and says nothing of their errors."
    )
    columns = {
        "cross_id": "cross",
        "female": "female",
        "male": "male",
        "n_progeny": "progeny",
        "mean": "mean",
        "sd": "spread",
        "usefulness": "usefulness",
        "error": "Monte-Carlo error",
        "ohv": "best of whole segments (OHV)",
        "stacking_chance": "chance of all wanted alleles",
        "coancestry": "coancestry",
        "above_best_check": "chance above the best check",
        "reason": "reason",
    }
    table = decided.crosses
    useful = bool((table["sd"] > 0).any())
    kept = [
        c for c in columns if c in table and (useful or c not in ("sd", "usefulness"))
    ]
    shown = table[kept].rename(columns=columns)
    formats: dict[str, Format] = dict.fromkeys(("mean", "spread", "usefulness"), number)
    formats |= {"coancestry": fixed, "chance above the best check": percent}
    formats |= {
        columns["error"]: number,
        columns["ohv"]: number,
        columns["stacking_chance"]: percent,
    }
    present = {k: v for k, v in formats.items() if k in shown}
    note = "crossing_list.csv holds the same list for a field book. "
    note += " ".join(f"{line}." for line in mating["notes"])
    if mating.get("opv") is not None:
        note += (
            f" The best line that whole segments of chromosomes, "
            f"{decided.summary['plan']['crosses']['segments']} each, of all these "
            f"parents could make has {number(mating['opv'])} (OPV); that of one pair "
            "is the OHV."
        )
    blocks: list[Block] = [str(table_html(shown, present, note=note))]
    if useful:
        blocks = [_map(decided), _progeny(decided), *blocks]
    if len(decided.crosses_multiparent):
        blocks.append(_multiparent(decided))
    return Section("Crosses", "crosses", "", intro, tuple(blocks))


def _multiparent(decided: Decided) -> str:
    """Return the best crosses of three and four lines, and backcrosses."""
    table = decided.crosses_multiparent
    shown = table.head(SHOWN).rename(columns={"sd": "spread"})
    shown.columns = shown.columns.str.replace("_", " ")
    more = f" The other {len(table) - SHOWN:,} are in" if len(table) > SHOWN else " In"
    note = (
        "The planned crosses crossed with each other, (1 x 2) x (3 x 4) or (1 x 2) x "
        "3, and back to their own lines: doubled haploids of what comes of it."
        f"{more} crosses_multiparent.csv."
    )
    formats: dict[str, Format] = dict.fromkeys(("mean", "spread", "usefulness"), number)
    return str(table_html(shown, formats, note=note))


def _map(decided: Decided) -> Figure:
    """Return mean against spread of all crosses, with lines of equal usefulness."""
    table = decided.cross_map
    chosen = table[table["chosen"]]
    others = table[~table["chosen"]]
    canvas = Canvas(840, 430, "Mean and spread of the progeny of crosses")
    y = limits([table["sd"]])
    left = tick_room(Scale(*y, 320, 0)) + 4
    x = limits([table["mean"]])
    panel = make_panel((left, 34, 840 - left - 20, 340), x, y)
    draw_axes(
        canvas, panel, "mean of the progeny (index)", "spread of the progeny (SD)"
    )
    spread = table["sd"].to_numpy() > 0
    rise = (table["usefulness"] - table["mean"]).to_numpy()[spread]
    factor = float(np.median(rise / table["sd"].to_numpy()[spread]))
    if factor > 0:
        for level in np.quantile(table["usefulness"], np.linspace(0.3, 1, LINES)):
            # mean + factor sd = level
            draw_slope(canvas, panel, -1 / factor, float(level) / factor, stroke=SOFT)
            _label_line(canvas, panel, float(level), factor)
    canvas.dots(panel.x(others["mean"]), panel.y(others["sd"]), 2.2, NULL)
    for row in chosen.to_dict("records"):
        useful = number(row["usefulness"])
        canvas.circle(
            float(panel.x(row["mean"])),
            float(panel.y(row["sd"])),
            5,
            tip=f"{row['parent_1']} x {row['parent_2']}: usefulness {useful}",
            fill=ACCENT,
        )
    caption = (
        "Green: crosses of the plan; grey: the most useful of the others and some of "
        "the rest. Along a line the usefulness is equal, the number at its end; it "
        "grows towards the upper right. A useful cross that is not chosen is held back "
        "by a limit."
    )
    return Figure("selection_crosses", canvas.to_svg(), table, caption)


def _label_line(canvas: Canvas, panel: Panel, level: float, factor: float) -> None:
    """Write the usefulness of a line where it enters the panel."""
    mean = level - factor * panel.y.high
    at_top = mean >= panel.x.low
    sd = panel.y.high if at_top else (level - panel.x.low) / factor
    if not panel.y.low <= sd or mean > panel.x.high:
        return
    x, y = float(panel.x(max(mean, panel.x.low))), float(panel.y(sd))
    anchor = "middle" if at_top else "start"
    x, y = (x, y - 6) if at_top else (x + 5, y + 4)
    canvas.text(x, y, number(level), 11, anchor=anchor, fill=SOFT, halo=True)


def _progeny(decided: Decided) -> Figure:
    """Return the spread of the progeny of every cross beside the best check."""
    table = decided.crosses.head(SHOWN)
    mean, sd = table["mean"].to_numpy(), table["sd"].to_numpy()
    lines = decided.candidates
    check = lines.loc[lines["status"] == "check", "index"].max()
    known = [] if np.isnan(check) else [float(check)]
    names = [
        f"{one} x {two}"
        for one, two in zip(table["female"], table["male"], strict=True)
    ]
    rows = draw_rows(
        "Progeny of the crosses",
        names,
        limits([mean - 2 * sd, mean + 2 * sd], include=known),
        "index of the progeny",
        (label_room(names, 280, pad=26), 20, 12),
        24,
    )
    x = rows.panel.x
    for best in known:
        place = float(x(best))
        rows.canvas.line(
            place, rows.panel.top, place, rows.panel.bottom, stroke=WARN, stroke_width=2
        )
    for place, y in enumerate(rows):
        ends = [float(x(mean[place] + times * sd[place])) for times in (-2, -1, 1, 2)]
        rows.canvas.line(ends[0], y, ends[3], y, stroke=NULL, stroke_width=3)
        rows.canvas.line(ends[1], y, ends[2], y, stroke=ACCENT, stroke_width=5)
        useful = float(x(table["usefulness"].iloc[place]))
        rows.canvas.circle(useful, y, 4.5, fill=PAPER, stroke=INK, stroke_width=2)
    caption = (
        "Green: one standard deviation of the progeny on either side of their mean, "
        "grey: two; ring: usefulness."
    )
    if known:
        caption += " Brown: the best check."
    if len(table) < len(decided.crosses):
        caption += f" The {len(table)} most useful crosses are drawn."
    return Figure("selection_progeny", rows.canvas.to_svg(), decided.crosses, caption)
