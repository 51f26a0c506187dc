from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.palette import ACCENT, NEUTRAL
from meristem.report.figures.accuracy.controls import (
    control_rows,
    controls_sentence,
    draw_controls,
)
from meristem.report.view import View


def test_gains_stand_beside_the_mean_of_the_control(small_view: View) -> None:
    rows = control_rows(small_view, small_view.targets[0]).set_index("control")
    assert len(rows) == 5
    verdict = small_view.verdict("binn+metabolites-no-omics", small_view.targets[0])
    assert verdict is not None
    assert np.isclose(
        rows.loc["binn+metabolites-no-omics", "control_mean"], verdict.mean
    )


def test_drawing_names_the_controls_and_colours_what_is_clear(
    small_view: View, parse_svg
) -> None:
    figure = draw_controls(small_view, small_view.targets[0], "controls")
    assert figure is not None
    root = parse_svg(figure.svg)
    text = "".join(root.itertext())
    for name in (
        "shuffled graph",
        "random graph",
        "shuffled omics",
        "no omics",
        "+0.220",
    ):
        assert name in text
    circles = [
        item.get("stroke") for item in root.iter() if item.tag.endswith("circle")
    ]
    clear = (figure.table["low"] > 0).sum()
    assert circles.count(ACCENT) == clear
    assert circles.count(NEUTRAL) == len(circles) - clear


def test_unknown_controls_keep_their_label(small_view: View, parse_svg) -> None:
    table = small_view.artefacts.controls.assign(control="no such <arm>")
    view = replace(small_view, artefacts=replace(small_view.artefacts, controls=table))
    figure = draw_controls(view, view.targets[0], "controls")
    assert figure is not None
    assert "no such <arm>" in "".join(parse_svg(figure.svg).itertext())


def test_capacity_alone_is_a_row_of_its_own(small_view: View, parse_svg) -> None:
    table = small_view.artefacts.controls.copy()
    table.loc[table.index[-1], ["ingredient", "control"]] = ["capacity", "gblup"]
    view = replace(small_view, artefacts=replace(small_view.artefacts, controls=table))
    figure = draw_controls(view, view.targets[0], "controls")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "capacity alone" in text
    assert "dense network against gblup" in text


def test_the_parts_are_said_in_words(small_view: View) -> None:
    text = controls_sentence(small_view, small_view.targets[0])
    assert "structure (against shuffled graph) +0.220" in text
    assert "not distinguishable from nothing" in text
    assert "over gblup" in text
    assert (
        controls_sentence(small_view, replace(small_view.targets[0], trait="x")) == ""
    )


def test_without_controls(large_view: View) -> None:
    assert draw_controls(large_view, large_view.targets[0], "controls") is None
