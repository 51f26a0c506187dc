from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.palette import ACCENT, NEUTRAL, WARN
from meristem.report.figures.accuracy.ability import (
    ability_color,
    draw_ability,
    fold_values,
)
from meristem.report.view import View


def test_values_are_those_of_the_folds(small_view: View) -> None:
    target = small_view.targets[0]
    wide = fold_values(small_view, target, "pearson")
    assert wide.shape == (10, 6)
    assert list(wide.columns)[-1] == "measured metabolites"
    scores = small_view.artefacts.scores
    own = scores[
        (scores["model"] == "binn")
        & (scores["metric"] == "pearson")
        & (scores["split"] == "kfold")
        & (scores["group"] == "")
    ]
    assert np.isclose(wide["binn"].mean(), own["value"].mean())


def test_the_best_stands_first_also_where_small_is_good(small_view: View) -> None:
    wide = fold_values(small_view, small_view.targets[0], "mse")
    means = wide.drop(columns="measured metabolites").mean().to_numpy()
    assert (np.diff(means) >= 0).all()


def test_drawing_names_every_model_and_marks_what_cannot_be_used(
    small_view: View, large_view: View, parse_svg
) -> None:
    for view in (small_view, large_view):
        for target in view.targets:
            figure = draw_ability(view, target, "ability")
            assert figure is not None
            text = "".join(parse_svg(figure.svg).itertext())
            assert "not deployable" in text
            assert set(figure.table["model"]) == set(view.contenders)


def test_without_verdicts_or_scores(small_view: View, parse_svg) -> None:
    target = small_view.targets[0]
    figure = draw_ability(replace(small_view, verdicts=()), target, "a")
    assert figure is not None
    parse_svg(figure.svg)
    assert "Right:" not in figure.caption
    bare = replace(small_view.artefacts, scores=small_view.artefacts.scores.head(0))
    assert draw_ability(replace(small_view, artefacts=bare), target, "a") is None


def test_colours_follow_the_verdict() -> None:
    assert ability_color("better") == ACCENT
    assert ability_color("worse") == WARN
    assert ability_color("not distinguishable") == NEUTRAL
