"""Pages made of sections, figures and cards: one self-contained file, one look.

Every report of the package is a `Page`. Text given as `str` is escaped unless it
is said to be HTML; `markupsafe.Markup` passes as it is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from meristem.errors import DataError
from meristem.pages.glossary import GLOSSARY, anchor, explain
from meristem.pages.raster import has_font, png_of
from meristem.runs.folder import RunFolder
from meristem.text.files import replacing

_PLACE = re.compile(r'href="figures/([A-Za-z0-9_.-]+\.(?:svg|png|csv))"')


@dataclass(frozen=True)
class Figure:
    """A drawing with the table behind it.

    Attributes
    ----------
    name
        Stem of `figures/<name>.svg` and `.csv`; unique in its page.
    svg
        The drawing, one `<svg>` element (see `meristem.pages.svg.Canvas`).
    table
        The numbers drawn.
    caption
        What is seen, in one or two sentences; `[[term]]` links to the glossary.
    title
        Short heading above the drawing; may be empty.
    """

    name: str
    svg: str
    table: pd.DataFrame
    caption: str = ""
    title: str = ""


@dataclass(frozen=True)
class Tabs:
    """Alternatives shown one at a time, for example one per trait."""

    label: tuple[str, ...]
    panel: tuple[tuple[str | Figure, ...], ...]  # HTML and figures, one tuple per label


Block = str | Figure | Tabs


@dataclass(frozen=True)
class Section:
    """A part of a page with an entry in its table of contents.

    Attributes
    ----------
    title
        Heading.
    anchor
        Id in the page, `[a-z0-9-]`.
    html
        Trusted HTML, shown first.
    intro
        A plain-language explanation, escaped; `[[term]]` links to the glossary.
    blocks
        Shown after `html`, in order: trusted HTML, figures, tabs.
    """

    title: str
    anchor: str
    html: str = ""
    intro: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Card:
    """One key number."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes
    ----------
    title, question
        Heading and the question below it.
    kicker
        Small line above the title: what kind of page this is.
    lead
        Trusted HTML below the question: the answer.
    cards
        Key numbers below the answer.
    footer
        One line at the end.
    glossary
        Whether the terms are explained at the end.
    """

    title: str
    sections: tuple[Section, ...]
    question: str = ""
    kicker: str = ""
    lead: str = ""
    cards: tuple[Card, ...] = ()
    footer: str = ""
    glossary: bool = True
    figures: tuple[Figure, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        found: list[Figure] = []
        for section in self.sections:
            for block in section.blocks:
                found.extend(_figures_in(block))
        names = [figure.name for figure in found]
        if len(set(names)) < len(names):
            raise ValueError(f"two figures of {self.title!r} share a name: {names}")
        object.__setattr__(self, "figures", tuple(found))


def _figures_in(block: Block) -> list[Figure]:
    if isinstance(block, Figure):
        return [block]
    if isinstance(block, Tabs):
        items = [item for panel in block.panel for item in panel]
        return [item for item in items if isinstance(item, Figure)]
    return []


def _is_figure(item: object) -> bool:
    return isinstance(item, Figure)


def _block_kind(block: Block) -> str:
    if isinstance(block, Figure):
        return "figure"
    return "tabs" if isinstance(block, Tabs) else "html"


def environment() -> jinja2.Environment:
    """Return the template environment of the report; values are escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("meristem.pages", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["explain"] = explain
    made.filters["anchor"] = anchor
    made.filters["trusted"] = Markup
    made.tests["figure"] = _is_figure
    made.globals["kind"] = _block_kind
    return made


def render_page(page: Page) -> str:
    """Return the page as one HTML text without any reference to the network.

    The text is well-formed XML too. Figures are inside it; the download links
    beside them are relative (`figures/<name>.svg`, `.csv`, and `.png` where this
    machine has a font).

    Parameters
    ----------
    page
        What to show.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> page = Page("Trial", (Section("Data", "data", html="<p>40 lines</p>"),))
    >>> "<h1>Trial</h1>" in render_page(page)
    True
    """
    template = environment().get_template("page.html.j2")
    terms = sorted(GLOSSARY.items(), key=_lower_name) if page.glossary else []
    formats = ("svg", "png", "csv") if has_font() else ("svg", "csv")
    return template.render(page=page, glossary=terms, formats=formats)


def _lower_name(entry: tuple[str, str]) -> str:
    return entry[0].lower()


def write_page(folder: str | Path, page: Page, name: str = "report.html") -> Path:
    """Write the page and its figures into `folder`, all of it or nothing.

    Figures of an earlier page of the same name that this page no longer has are
    removed; other files in `figures/` are left alone.

    Parameters
    ----------
    folder
        Existing or new folder.
    page
        What to write.
    name
        File name of the page.

    Returns
    -------
    Path
        The page written.

    Raises
    ------
    DataError
        If the folder cannot be written.
    """
    folder = Path(folder)
    html = render_page(page)
    target = folder / name
    former = _former_figures(target)
    with replacing(target) as temporary:
        # named so that the next run clears it, should this one be killed
        stage = temporary.with_name(f".figures{temporary.name}")
        try:
            _stage_figures(stage, page.figures)
            temporary.write_text(html, encoding="utf-8")
            figures = folder / "figures"
            figures.mkdir(exist_ok=True)
            kept = {path.name for path in stage.iterdir()}
            for path in sorted(stage.iterdir()):
                path.replace(figures / path.name)
            for stale in sorted(former - kept):
                (figures / stale).unlink(missing_ok=True)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return target


def _stage_figures(stage: Path, figures: tuple[Figure, ...]) -> None:
    stage.mkdir(parents=True)
    for figure in figures:
        (stage / f"{figure.name}.svg").write_text(figure.svg + "\n", encoding="utf-8")
        image = png_of(figure.svg)
        if image is not None:
            (stage / f"{figure.name}.png").write_bytes(image)
        figure.table.to_csv(stage / f"{figure.name}.csv", index=False)


def _former_figures(page: Path) -> set[str]:
    """Return the figure files that the page already at this place links to."""
    if not page.is_file():
        return set()
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "is there already and is no report that can be replaced",
            where=page,
            remedy="move it away, or choose another folder",
        ) from error
    return set(_PLACE.findall(text))


def write_run_page(
    folder: RunFolder,
    kicker: str,
    sections: Iterable[Section | None],
    cards: Iterable[Card] = (),
    *,
    lead: str = "",
    title: str = "",
) -> Path:
    """Write ``report.html`` of a run folder; return it.

    Parameters
    ----------
    folder
        Names title, question and version.
    kicker
        What kind of run it is.
    sections
        Those that are there, in order; None: there is nothing to show.
    cards, lead
        See `Page`.
    title
        Of a run without one.
    """
    about: dict[str, Any] = folder.record()
    page = Page(
        title=str(about.get("title", title)),
        question=str(about.get("question", "")),
        kicker=kicker,
        sections=tuple(section for section in sections if section is not None),
        cards=tuple(cards),
        lead=lead,
        footer=f"meristem {about.get('versions', {}).get('meristem', '')}",
        glossary=False,
    )
    return write_page(folder.path, page)
