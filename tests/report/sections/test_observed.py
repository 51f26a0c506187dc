from __future__ import annotations

from dataclasses import replace

from meristem.report.per_target import MOST_TARGETS
from meristem.report.sections.observed import interval_table, observed_section
from meristem.report.view import Target, View


def test_width_and_coverage_of_intervals_are_shown(small_view: View) -> None:
    html = "".join(interval_table(small_view))
    assert "\u00b1 2.50" in html
    assert "90 %" in html
    assert "89.3 %" in html
    assert html.count("<tr>") == 1 + len(small_view.contenders)


def test_without_intervals_there_is_no_heading(large_view: View) -> None:
    assert interval_table(large_view) == []


def test_more_targets_than_can_be_drawn_are_counted(small_view: View) -> None:
    targets = tuple(Target(f"t{i}", "") for i in range(MOST_TARGETS + 5))
    view = replace(small_view, targets=(small_view.targets[0], *targets))
    section = observed_section(view)
    assert section is not None
    notes = [block for block in section.blocks if isinstance(block, str)]
    assert f"first {MOST_TARGETS} of {MOST_TARGETS + 6}" in notes[0]
