"""The page of a run folder: what `run.json` says, and the sections of its kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from meristem.pages.page import Card, Page, Section, write_page
from meristem.runs.folder import RunFolder


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
