"""The selection made of a run: a link to its page."""

from __future__ import annotations

from markupsafe import Markup

from meristem.pages.numbers import number
from meristem.pages.page import Section
from meristem.report.selection.decided import gain_in
from meristem.report.view import View


def selection_section(view: View) -> Section | None:
    """Return what was selected, with a link; None where nothing was."""
    decided = view.artefacts.selection
    if decided is None:
        return None
    gain, mating = decided["gain"], decided["mating"]
    said = (
        f"{decided['selected']} of {decided['candidates']:,} candidates, expected gain "
        f"{number(gain['expected'])} ({decided['level']:.0%} interval "
        f"{number(gain['low'])} to {number(gain['high'])}) in "
        f"{gain_in(decided)} above the {decided['gain_base']}"
    )
    said += f"; {mating['n']} crosses planned." if mating is not None else "."
    html = Markup(
        '<p>{} <a href="selection/selection.html">To the selection</a></p>'
    ).format(said)
    return Section("Selection", "selection", str(html))
