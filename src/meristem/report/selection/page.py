"""Files of a selection -> `selection.html`; no model is touched."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from meristem.pages.numbers import fixed, number, percent
from meristem.pages.page import Card, Page, Section, write_page
from meristem.pages.table import table_html
from meristem.report.selection.crosses import crosses_section
from meristem.report.selection.cycles import cycles_section
from meristem.report.selection.decided import PAGE, Decided, gain_in, read_decided
from meristem.report.selection.edits import edits_section, genes_section
from meristem.report.selection.frontier import effective_words, frontier_section
from meristem.report.selection.funnel import costs_section, funnel_section
from meristem.report.selection.gains import gains_section
from meristem.report.selection.lines import candidates_section, parents_section
from meristem.report.selection.next import next_section

LONG = 80
"""Characters up to which a formula stands in a sentence."""


def build_selection_page(folder: Path) -> Path:
    """Write the page of a selection from its files, all of it or nothing.

    Parameters
    ----------
    folder
        Where `meristem select` left them.

    Raises
    ------
    DataError
        If a file is absent or damaged.
    """
    return write_page(folder, make_selection_page(read_decided(folder)), PAGE)


def make_selection_page(decided: Decided) -> Page:
    """Return the page of a selection."""
    sections = (
        funnel_section(decided),
        gains_section(decided),
        candidates_section(decided),
        frontier_section(decided),
        crosses_section(decided),
        parents_section(decided),
        costs_section(decided),
        next_section(decided),
        genes_section(decided),
        edits_section(decided),
        cycles_section(decided),
        _comparison(decided),
        _assumptions(decided),
    )
    return Page(
        title="Selection",
        question="Which lines to keep, which crosses to make, and what may be promised",
        kicker="From predictions to decisions",
        lead=str(_lead(decided)),
        cards=_cards(decided),
        sections=tuple(section for section in sections if section is not None),
        footer="Written from the files of the selection.",
    )


def _lead(decided: Decided) -> Markup:
    summary = decided.summary
    gain, level = summary["gain"], f"{summary['level']:.0%}"
    formula = f", {summary['gain_of']}" if len(summary["gain_of"]) <= LONG else ""
    said = (
        f"{summary['selected']} of {summary['candidates']:,} candidates, expected to "
        f"gain {number(gain['expected'])} ({level} interval {number(gain['low'])} to "
        f"{number(gain['high'])}) in {gain_in(summary)}{formula}, above the "
        f"{summary['gain_base']}. Every gain on this page has that base."
    )
    above = summary["gain_above_best_check"]
    if above is not None:
        said += (
            f" Against the best of the checks ({', '.join(summary['checks'])}): "
            f"{number(above['expected'])} ({number(above['low'])} to "
            f"{number(above['high'])})."
        )
    return Markup(
        '<p class="intro" style="margin-top:1.4rem">{}</p>'
        '<p><a href="../report.html">To the report of the run</a></p>'
    ).format(said)


def _cards(decided: Decided) -> tuple[Card, ...]:
    summary, frontier = decided.summary, decided.frontier
    gain = summary["gain"]
    chosen = frontier[frontier["kind"] == "chosen"].iloc[0]
    cards = [
        Card(
            "expected gain",
            number(gain["expected"]),
            f"{number(gain['low'])} to {number(gain['high'])}, in "
            f"{gain_in(decided.summary)}, above all candidates",
        ),
        Card(
            "selection intensity",
            fixed(summary["intensity"]),
            f"{summary['selected']} of {summary['candidates']:,}",
        ),
        Card(
            "effective population size",
            effective_words(chosen["ne"]),
            f"of the chosen contributions of {int(chosen['contributors'])} lines, "
            "against all candidates",
        ),
    ]
    mating = summary["mating"]
    if mating is not None:
        note = f"gap {percent(mating['gap'], 3)}, {mating['criterion']}"
        cards.append(Card("crosses", f"{mating['n']}", note))
    return tuple(cards)


def _comparison(decided: Decided) -> Section | None:
    """Return how far other models would select the same lines; None if not asked."""
    if decided.comparison.empty:
        return None
    columns = {
        "model": "model",
        "overlap": "lines in both",
        "chance": "expected by chance",
        "chance_sd": "SD of that",
        "lost_by_first": "gain lost, if the other is right",
        "lost_by_second": "gain lost, if this one is right",
        "kendall": "Kendall's tau in the union",
    }
    table = decided.comparison
    kept = [column for column in columns if column in table]
    shown = table[kept].rename(columns=columns)
    formats = {columns[column]: number for column in kept[2:]}
    intro = (
        "What the selection gives away if another model is right, and what that "
        "model's selection gives away if this one is."
    )
    html = str(table_html(shown, formats))
    return Section("Other models", "models", "", intro, (html,))


def _assumptions(decided: Decided) -> Section:
    summary = decided.summary
    said = [
        f"Values are {summary['word']}s of {summary['model']}; "
        + (
            "they are additive, parents are chosen on what they pass on."
            if summary["word"] == "GEBV"
            else "they may hold non-additive parts, which parents do not pass on fully."
        ),
        "Intervals are as wide as the errors on lines left out of training ask for."
        if summary["calibrated"]
        else "The run was not evaluated: intervals rest on the model alone.",
        "Gains are those of the lines themselves and of their mean progeny; what is "
        "selected within families comes on top.",
        "The coancestry counts self pairs: random mating of the contributions, selfing "
        "as often as it falls.",
        *(f"{note[0].upper()}{note[1:]}." for note in summary["notes"]),
    ]
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in said)
    return Section(
        "What this rests on", "assumptions", str(Markup("<ul>{}</ul>").format(items))
    )
