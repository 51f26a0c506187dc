from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.numbers import fixed
from meristem.report.figures.accuracy.observed import BUDGET, draw_observed
from meristem.report.view import View
from meristem.stats import metrics


def test_slope_and_correlation_are_those_of_evaluation(small_view: View) -> None:
    target = small_view.targets[0]
    rows = small_view.of(small_view.artefacts.predictions, target)
    figure = draw_observed(small_view, target, "observed")
    assert figure is not None
    for label in small_view.contenders:
        part = rows[rows["model"] == label]
        y, y_hat = part["observed"].to_numpy(), part["predicted"].to_numpy()
        said = (
            f"r = {fixed(metrics.pearson(y, y_hat))} \u00b7 "
            f"slope = {fixed(metrics.slope(y, y_hat))}"
        )
        assert said in figure.svg


def test_every_model_has_a_panel_and_points_are_bounded(
    small_view: View, large_view: View, parse_svg
) -> None:
    for view in (small_view, large_view):
        figure = draw_observed(view, view.targets[-1], "observed")
        assert figure is not None
        parse_svg(figure.svg)
        assert set(figure.table["model"]) == set(view.contenders)
        assert len(figure.table) <= BUDGET
        assert np.isfinite(figure.table["predicted"]).all()


def test_thinning_is_said(small_view: View) -> None:
    rows = small_view.artefacts.predictions
    many = rows.loc[rows.index.repeat(20)].reset_index(drop=True)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, predictions=many)
    )
    figure = draw_observed(view, view.targets[0], "observed")
    assert figure is not None
    assert len(figure.table) <= BUDGET
    assert f"of {20 * 200 * 6 * 2:,} predictions are drawn" in figure.caption


def test_constant_predictions_are_drawn_without_a_line(
    small_view: View, parse_svg
) -> None:
    rows = small_view.artefacts.predictions.assign(predicted=1.0)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, predictions=rows)
    )
    figure = draw_observed(view, view.targets[0], "observed")
    assert figure is not None
    assert "slope = –" in "".join(parse_svg(figure.svg).itertext())
