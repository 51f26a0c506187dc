from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from meristem.pages.page import Figure
from meristem.report.sections.trust import (
    interactions_section,
    lines_section,
    trust_section,
)
from meristem.report.view import View

TABLES = (
    "stability",
    "gain",
    "agreement_by_sensitivity",
    "interactions",
    "line_explanations",
    "attribution",
)


def test_trust_holds_stability_tracking_and_gain(small_view: View) -> None:
    section = trust_section(small_view)
    assert section is not None
    names = [block.name for block in section.blocks if isinstance(block, Figure)]
    assert names == ["stability", "tracking", "gain"]


def test_shares_and_what_they_miss_are_told(small_view: View) -> None:
    trait = small_view.targets[0]
    table = pd.DataFrame(
        {
            "kind": ["node", "variant", "node"],
            "name": ["lesser", "qtl_1", "greater"],
            "trait": trait.trait,
            "environment": trait.environment,
            "integrated": [0.5, 0.25, 0.75],
            "deeplift": [0.5, 0.25, 0.75],
            "integrated_gap": 1e-9,
            "deeplift_gap": 0.02,
        }
    )
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, attribution=table)
    )
    section = trust_section(view)
    assert section is not None
    html = "".join(str(block) for block in section.blocks)
    assert html.index(">greater<") < html.index(">lesser<")
    assert "less than 0.1 %" in html
    assert "2.0" in html


def test_effects_that_add_up_are_said_in_words(small_view: View) -> None:
    drawn = interactions_section(small_view)
    assert drawn is not None
    assert drawn.html == ""
    table = small_view.artefacts.interactions.assign(signed=1e-7)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, interactions=table)
    )
    section = interactions_section(view)
    assert section is not None
    assert section.blocks == ()
    assert "days to bud outgrowth: the effects of the top nodes add up" in section.html


def test_lines_say_which_lines(small_view: View) -> None:
    section = lines_section(small_view)
    assert section is not None
    assert "lines without phenotype" in section.intro
    table = small_view.artefacts.line_explanations.assign(role="phenotyped")
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, line_explanations=table)
    )
    other = lines_section(view)
    assert other is not None
    assert "lines of the run" in other.intro


@pytest.mark.parametrize("make", [trust_section, interactions_section, lines_section])
def test_sections_can_be_left_out(small_view: View, make) -> None:
    parts = {name: getattr(small_view.artefacts, name).head(0) for name in TABLES}
    view = replace(small_view, artefacts=replace(small_view.artefacts, **parts))
    assert make(view) is None
