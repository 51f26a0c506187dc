from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.palette import ACCENT, NEUTRAL
from meristem.report.figures.genes.stability import draw_stability
from meristem.report.view import View


def test_shuffled_labels_stand_beside_the_others(small_view: View, parse_svg) -> None:
    figure = draw_stability(small_view, small_view.targets[0], "stability")
    assert figure is not None
    root = parse_svg(figure.svg)
    text = "".join(root.itertext())
    for words in ("other starting weights", "shuffled labels", "0.70", "0.60 to 0.80"):
        assert words in text
    strokes = [i.get("stroke") for i in root.iter() if i.tag.endswith("circle")]
    assert strokes.count(NEUTRAL) == 1
    assert strokes.count(ACCENT) == 3


def test_one_fit_says_that_there_are_no_others(small_view: View) -> None:
    table = small_view.artefacts.stability
    table = table[table["between"].isin(["folds", "shuffled labels"])]
    view = replace(small_view, artefacts=replace(small_view.artefacts, stability=table))
    figure = draw_stability(view, view.targets[0], "stability")
    assert figure is not None
    assert "no other starting weights" in figure.caption
    whole = draw_stability(small_view, small_view.targets[0], "stability")
    assert whole is not None
    assert "no other starting weights" not in whole.caption


def test_missing_agreement_is_left_out(small_view: View) -> None:
    table = small_view.artefacts.stability.assign(agreement=np.nan)
    view = replace(small_view, artefacts=replace(small_view.artefacts, stability=table))
    assert draw_stability(view, view.targets[0], "stability") is None
