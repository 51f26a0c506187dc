from __future__ import annotations

import re
from dataclasses import replace

import pytest

from meristem.report.verdicts import cards, verdict_lines
from meristem.report.view import View


def test_one_line_per_model_with_its_verdict(small_view: View) -> None:
    html = verdict_lines(small_view)
    lines = re.findall(r"<li>.*?</li>", html, flags=re.S)
    assert len(lines) == len(small_view.contenders)
    assert "reference" in lines[0]
    assert "gblup" in lines[0]
    for label in small_view.contenders:
        own = [line for line in lines if f"<b>{label}</b>" in line]
        assert len(own) == 1
        verdict = small_view.verdict(label, small_view.targets[0])
        if verdict is not None:
            assert verdict.verdict in own[0]
            assert f"{abs(verdict.difference):.3f}" in own[0]


def test_what_cannot_be_used_stands_last_and_says_so(small_view: View) -> None:
    lines = re.findall(r"<li>.*?</li>", verdict_lines(small_view), flags=re.S)
    assert "measured metabolites" in lines[-1]
    assert "not deployable" in lines[-1]
    assert sum("not deployable" in line for line in lines) == 1
    reached = re.search(r"; (\S.*) reaches (\d+)% of it from genotypes", lines[-1])
    most = next(
        v.mean for v in small_view.verdicts if v.model == "measured metabolites"
    )
    best = max(
        max(v.mean, v.reference_mean)
        for v in small_view.verdicts
        if v.model != "measured metabolites"
    )
    assert reached
    assert int(reached[2]) == pytest.approx(100 * best / most, abs=1)


def test_several_targets_are_counted(large_view: View) -> None:
    html = verdict_lines(large_view)
    assert "of 5 traits and environments" in html
    assert "&lt;img" in html
    assert "<img" not in html


def test_without_an_overall_verdict_the_line_says_that_it_depends(
    large_view: View,
) -> None:
    own = tuple(v for v in large_view.verdicts if v.target in large_view.targets)
    html = verdict_lines(replace(large_view, verdicts=own))
    assert "depends on the trait" in html


def test_no_verdicts_are_said(small_view: View) -> None:
    bare = replace(small_view, verdicts=())
    assert "no verdict" in verdict_lines(bare)
    assert all("ability" not in card.label for card in cards(bare))


def test_cards_never_praise_what_cannot_be_used(small_view: View) -> None:
    found = {card.label: card for card in cards(small_view)}
    assert found["lines"].value == "200"
    highest = [card for label, card in found.items() if "highest" in label]
    assert [card.note for card in highest] == ["binn+metabolites"]
