from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.evaluate.toys import prediction_table

from meristem.evaluate.paired import N_DRAW, Draws, draw_scheme, over_targets
from meristem.evaluate.table import PredictionTable
from meristem.stats.metrics import pearson


def table(n_line=31) -> PredictionTable:
    rng = np.random.default_rng(1)
    rows = []
    for trait in ("a", "b"):
        y = rng.standard_normal(n_line)
        for model in ("one", "two"):
            rows += [
                (f"l{k}", trait, "", "kfold", 0, k % 3, model, y[k])
                + (y[k] + rng.standard_normal(), np.nan)
                for k in range(n_line)
            ]
    return prediction_table(rows)


def test_every_target_and_model_has_draws():
    draws = draw_scheme(table(), ["one", "two"], None, seed=3)
    assert list(draws) == [("a", ""), ("b", "")]
    found = draws["b", ""]["two"]
    assert (found.n_fold, found.draws.shape) == (3, (N_DRAW,))
    frame = table().to_frame()
    frame = frame[(frame["trait"] == "b") & (frame["model"] == "two")]
    values = [
        pearson(rows["observed"].to_numpy(), rows["predicted"].to_numpy())
        for _, rows in frame.groupby("fold")
    ]
    assert found.mean == pytest.approx(np.mean(values))
    assert found.draws.mean() == pytest.approx(found.mean, abs=0.05)


def test_models_are_drawn_together():
    rows = table()
    twin = rows.to_frame()
    twin = twin[twin["model"] == "one"].assign(model="twin")
    both = PredictionTable.from_frame(pd.concat([rows.to_frame(), twin]))
    draws = draw_scheme(both, ["one", "two", "twin"], None, seed=3)
    found = draws["a", ""]
    np.testing.assert_array_equal(found["one"].draws, found["twin"].draws)
    assert np.corrcoef(found["one"].draws, found["two"].draws)[0, 1] > 0


def test_the_mean_over_targets():
    draws = draw_scheme(table(), ["one"], None, seed=3)
    parts = [by_model["one"] for by_model in draws.values()]
    mean, other = over_targets([(part, part) for part in parts])
    assert np.array_equal(mean.draws, other.draws)
    assert mean.n_fold == 6
    assert mean.mean == pytest.approx((parts[0].mean + parts[1].mean) / 2)
    np.testing.assert_allclose(mean.draws, (parts[0].draws + parts[1].draws) / 2)


def test_a_target_that_cannot_be_correlated_is_left_out():
    draws = draw_scheme(table(), ["one", "two"], None, seed=3)
    first = draws["a", ""]["one"], draws["a", ""]["two"]
    nothing = Draws(np.nan, 1, np.full(N_DRAW, np.nan))
    one, two = over_targets([first, (nothing, nothing)])
    assert (one.mean, two.mean, one.n_fold) == (first[0].mean, first[1].mean, 3)
    assert np.array_equal(one.draws, first[0].draws)
    one, two = over_targets([(nothing, nothing)])
    assert np.isnan([one.mean, two.mean]).all()
    assert np.isnan(one.draws).all()
    # a model that has none where the reference has one is not spared that target
    one, two = over_targets([first, (nothing, first[1])])
    assert np.isnan(one.mean)
    assert two.n_fold == 6
