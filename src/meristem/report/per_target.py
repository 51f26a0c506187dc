"""One figure per target, as tabs where there are several targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class TargetSection:
    """A section of `per_target` figures; called with a view, it makes the section.

    Attributes
    ----------
    title, anchor
        Heading, and id in the page.
    intro
        What stands above the figures, or how it follows from the view.
    families, extra
        As in `per_target`.
    html
        More above the figures, as HTML.
    """

    title: str
    anchor: str
    intro: str | Callable[[View], str]
    families: Mapping[str, Draw]
    extra: Callable[[View, Target], Markup] | None = None
    html: Callable[[View], Markup] | None = None

    def __call__(self, view: View) -> Section | None:
        """Return the section; None where there is nothing to show."""
        blocks = per_target(view, self.families, self.extra)
        html = str(self.html(view)) if self.html is not None else ""
        if not blocks and not html:
            return None
        intro = self.intro if isinstance(self.intro, str) else self.intro(view)
        return Section(self.title, self.anchor, html, intro, tuple(blocks))
