from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from meristem.report.figures.accuracy.observed import BUDGET, draw_observed
from meristem.report.view import View
from meristem.stats import metrics
from meristem.stats.regression import regression


def test_slope_and_correlation_are_those_of_evaluation() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal(40)
    y = 0.4 * x + rng.standard_normal(40)
    slope, intercept, r = regression(y, x)
    assert np.isclose(slope, metrics.slope(y, x))
    assert np.isclose(intercept, metrics.intercept(y, x))
    assert np.isclose(r, metrics.pearson(y, x))


def test_what_has_no_slope_gets_none() -> None:
    assert all(math.isnan(v) for v in regression(np.ones(5), np.arange(5.0)))
    assert all(math.isnan(v) for v in regression(np.arange(2.0), np.arange(2.0)))


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
