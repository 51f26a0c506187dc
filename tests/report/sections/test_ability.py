from __future__ import annotations

import re
from dataclasses import replace

import pytest

from meristem.pages.page import Tabs
from meristem.report.sections.ability import (
    ability_section,
    group_tables,
    learning_section,
    metric_table,
    overview,
    relatedness_table,
)
from meristem.report.view import View


def test_one_target_needs_no_tabs_and_several_do(
    small_view: View, large_view: View
) -> None:
    one, several = ability_section(small_view), ability_section(large_view)
    assert one is not None
    assert several is not None
    assert not any(isinstance(block, Tabs) for block in one.blocks)
    tabs = [block for block in several.blocks if isinstance(block, Tabs)]
    assert len(tabs[0].label) == 5
    assert one.html == ""
    assert "heat" in several.html


def test_overview_holds_means_over_folds(large_view: View) -> None:
    html = str(overview(large_view))
    scores = large_view.artefacts.scores
    keep = (scores["metric"] == "pearson") & (scores["model"] == "binn")
    keep &= (scores["trait"] == "YBL000C") & (scores["environment"] == "ethanol")
    row = next(line for line in html.splitlines() if "<td>binn</td>" in line)
    shown = [float(value) for value in re.findall(r'data-sort="([^"]+)"', row)]
    assert shown[1] == pytest.approx(scores[keep]["value"].mean())


def test_all_metrics_are_in_the_table(small_view: View) -> None:
    html = metric_table(small_view, small_view.targets[0])
    for word in ("predictive ability", "rank correlation", "slope", "bias", "±"):
        assert word in html
    assert "&lt;span" not in html
    assert '<span class="tag">not deployable</span>' in html


def test_groups_are_shown_where_measured(small_view: View, large_view: View) -> None:
    html = "".join(group_tables(small_view))
    assert re.findall(r"<td>([A-D])</td>", html) == list("ABCD")
    assert ">family<" in html
    assert group_tables(large_view) == []


def test_sections_without_data_are_left_out(large_view: View) -> None:
    assert learning_section(large_view) is None
    bare = replace(large_view.artefacts, scores=large_view.artefacts.scores.head(0))
    assert ability_section(replace(large_view, artefacts=bare)) is None


def test_the_relatedness_of_test_lines_is_told(small_view: View) -> None:
    (block,) = relatedness_table(small_view)
    assert "0.44 on average" in block
    assert "training rows" in block
    none = small_view.artefacts.relatedness.head(0)
    without = replace(small_view.artefacts, relatedness=none)
    assert relatedness_table(replace(small_view, artefacts=without)) == []
