"""One figure per target, as tabs where there are several targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from meristem.pages.page import Block, Figure, Section, Tabs
from meristem.report.view import Target, View, figure_name

MOST_TARGETS = 20


Draw = Callable[[View, Target, str], Figure | None]


def per_target(
    view: View,
    families: Mapping[str, Draw],
    extra: Callable[[View, Target], Markup] | None = None,
) -> list[Block]:
    """Return the figures of every target, as tabs where there are several targets.

    Parameters
    ----------
    view
        The run.
    families
        Stem of the files -> function that draws.
    extra
        What follows the figures of a target.
    """
    labels: list[str] = []
    panels: list[tuple[str | Figure, ...]] = []
    for target in view.targets[:MOST_TARGETS]:
        made = [
            draw(view, target, figure_name(family, view, target))
            for family, draw in families.items()
        ]
        drawn = [figure for figure in made if figure is not None]
        if not drawn:
            continue
        below = (str(extra(view, target)),) if extra is not None else ()
        labels.append(target.name)
        panels.append((*drawn, *below))
    if not panels:
        return []
    blocks: list[Block] = [Tabs(tuple(labels), tuple(panels))]
    if len(panels) == 1:
        blocks = list(panels[0])
    left_out = len(view.targets) - MOST_TARGETS
    if left_out > 0:
        text = f"The first {MOST_TARGETS} of {len(view.targets)} are drawn."
        blocks.append(f'<p class="note">{text} All values are in scores.csv.</p>')
    return blocks


def target_section(
    view: View,
    heading: tuple[str, str],
    intro: str,
    families: Mapping[str, Draw],
    extra: Callable[[View, Target], Markup] | None = None,
    html: str = "",
) -> Section | None:
    """Return a section of `per_target` figures; None where there is nothing to show.

    Parameters
    ----------
    view, families, extra
        As in `per_target`.
    heading
        Title, and id in the page.
    intro, html
        What stands above the figures.
    """
    blocks = per_target(view, families, extra)
    if not blocks and not html:
        return None
    return Section(*heading, html, intro, tuple(blocks))
