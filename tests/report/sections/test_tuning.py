from __future__ import annotations

from dataclasses import replace

from meristem.report.sections.tuning import tuning_section
from meristem.report.view import View


def test_what_each_search_chose(small_view: View) -> None:
    section = tuning_section(small_view)
    assert section is not None
    assert "1 of 2 searches stayed with the options as set" in str(section.html)
    html = str(section.blocks[0])
    assert "dropout = 0.4" in html
    assert "nothing" in html
    assert "kfold 0.1" in html


def test_no_search_no_section(small_view: View) -> None:
    none = small_view.artefacts.tuning.head(0)
    artefacts = replace(small_view.artefacts, tuning=none)
    assert tuning_section(replace(small_view, artefacts=artefacts)) is None
