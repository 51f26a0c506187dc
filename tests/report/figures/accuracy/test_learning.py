from __future__ import annotations

import numpy as np

from meristem.evaluate.compare import SUBSAMPLE as WRITTEN
from meristem.report.figures.accuracy.learning import (
    MARKERS,
    curve,
    draw_density,
    draw_learning,
)
from meristem.report.view import SUBSAMPLE, View


def test_sizes_come_from_the_name_of_the_split(small_view: View, parse_svg) -> None:
    table = curve(small_view, small_view.targets[0])
    assert sorted(table["n_train"].unique()) == [40, 80, 160]
    assert set(table["size"]) == {5}
    figure = draw_learning(small_view, small_view.targets[0], "learning")
    assert figure is not None
    parse_svg(figure.svg)


def test_means_are_those_of_the_folds(small_view: View) -> None:
    table = curve(small_view, small_view.targets[0]).set_index(["model", "n_train"])
    scores = small_view.artefacts.scores
    keep = (scores["split"] == "kfold:n=80") & (scores["metric"] == "pearson")
    expected = scores[keep & (scores["model"] == "ridge")]["value"].mean()
    assert np.isclose(table.loc[("ridge", 80), "mean"], expected)


def test_markers_have_a_curve_of_their_own(small_view: View, parse_svg) -> None:
    table = curve(small_view, small_view.targets[0], MARKERS)
    assert sorted(table["n_marker"].unique()) == [10, 20]
    figure = draw_density(small_view, small_view.targets[0], "density")
    assert figure is not None
    assert "markers" in "".join(parse_svg(figure.svg).itertext())


def test_without_subsamples(large_view: View) -> None:
    for draw in (draw_learning, draw_density):
        assert draw(large_view, large_view.targets[0], "learning") is None


def test_the_mark_is_the_one_that_evaluation_writes() -> None:
    assert SUBSAMPLE == WRITTEN
