from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.evaluate.toys import prediction_table

from meristem.evaluate.intervals import (
    calibrate,
    calibrated,
    conformal_width,
    held_out_scale,
    top_probability,
)
from meristem.evaluate.table import PredictionTable
from meristem.records import Posterior


def table(n_line=300, sd=1.0, seed=1, schemes=("kfold",)) -> PredictionTable:
    rng = np.random.default_rng(seed)
    rows = []
    for scheme in schemes:
        for replicate in range(2):
            fold = rng.permutation(n_line) % 5
            error = sd * rng.standard_normal(n_line)
            rows += [
                (f"l{k}", "yield", "", scheme, replicate, fold[k], "gblup")
                + (error[k], 0.0, np.nan)
                for k in range(n_line)
            ]
    return prediction_table(rows)


def test_conformal_rank_by_hand():
    residual = np.array([0.3, -0.1, 0.2, -0.5])
    # ceil(5 x 0.6) = 3rd smallest of .1 .2 .3 .5
    assert conformal_width(residual, 0.6) == 0.3
    assert conformal_width(residual, 0.9) == float("inf")
    assert conformal_width(np.append(residual, np.nan), 0.6) == 0.3


def test_a_new_value_is_covered_at_least_as_often_as_stated():
    rng = np.random.default_rng(2)
    inside = [
        abs(rng.standard_normal()) <= conformal_width(rng.standard_normal(19), 0.9)
        for _ in range(4000)
    ]
    # exact coverage 18 / 20 for continuous residuals
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_width_and_coverage_of_normal_errors():
    calibration = calibrate(table(sd=2.0), level=0.9)
    width = calibration.frame["half_width"].item()
    assert width == pytest.approx(2 * 1.645, rel=0.1)
    assert calibration.frame["coverage"].item() == pytest.approx(0.9, abs=0.03)
    assert calibration.frame["n"].item() == 600


def test_a_fold_with_larger_errors_is_not_covered():
    predictions = table()
    frame = predictions.to_frame()
    far = frame["fold"] == 2
    frame.loc[far, "observed"] += 50
    calibration = calibrate(PredictionTable.from_frame(frame), level=0.8)
    # the fold's own residuals do not widen its own interval
    assert calibration.frame["coverage"].item() < 0.83


def test_learning_curves_are_left_out():
    calibration = calibrate(table(schemes=("kfold", "kfold:n=9")))
    assert calibration.frame["split"].tolist() == ["kfold"]


def test_one_fold_has_no_other_to_learn_from():
    frame = table().to_frame()
    frame["fold"] = 0
    assert np.isnan(
        calibrate(PredictionTable.from_frame(frame)).frame["coverage"]
    ).all()


def belief(mean, sd, joint=None):
    n = len(mean)
    shared = np.zeros((n, 1)) if joint is None else np.asarray(joint)
    return Posterior(
        np.arange(n).astype(str),
        np.array(["t"]),
        np.array([""]),
        mean=np.asarray(mean, dtype=float)[:, None],
        factor=shared[None],
        independent=np.asarray(sd, dtype=float)[:, None],
        prior_variance=np.full((n, 1), 4.0),
        noise=np.array([1.0]),
    )


def test_chances_of_two_lines_equal_the_formula():
    # P(first above second) = Phi(0.5 / sqrt(0.3^2 + 0.4^2)) = Phi(1)
    chance = top_probability(
        belief([0.5, 0.0], [0.3, 0.4]), 0, 1, np.random.default_rng(1), n_draw=40_000
    )
    assert chance[0] == pytest.approx(0.8413, abs=0.01)
    assert chance.sum() == pytest.approx(1)


def test_an_error_that_all_lines_share_changes_no_order():
    same = belief([0.5, 0.0], [0.0, 0.0], joint=[[5.0], [5.0]])
    assert top_probability(same, 0, 1, np.random.default_rng(1)).tolist() == [1, 0]
    # errors in opposite directions: sd of the difference is 1, Phi(0.5)
    apart = belief([0.5, 0.0], [0.0, 0.0], joint=[[0.5], [-0.5]])
    chance = top_probability(apart, 0, 1, np.random.default_rng(1), n_draw=40_000)
    assert chance[0] == pytest.approx(0.6915, abs=0.01)


def test_chances_sum_to_k_and_follow_the_predictions():
    rng = np.random.default_rng(3)
    chance = top_probability(belief(np.arange(20.0), np.full(20, 3.0)), 0, 5, rng)
    assert chance.sum() == pytest.approx(5)
    assert chance[-1] > chance[10] > chance[0]
    rng = np.random.default_rng(3)
    least = belief(np.arange(20.0), np.full(20, 3.0))
    chance = top_probability(least, 0, 5, rng, smallest=True)
    assert chance[0] > chance[10] > chance[-1]


def test_without_a_width_there_is_no_chance():
    rng = np.random.default_rng(3)
    for sd in (np.full(4, np.nan), np.zeros(4)):
        assert np.isnan(top_probability(belief(np.arange(4.0), sd), 0, 2, rng)).all()
    every = top_probability(belief(np.arange(3.0), np.ones(3)), 0, 3, rng)
    assert every.tolist() == [1, 1, 1]


def out_of_fold(scale, n=4000, noise=2.0):
    """Errors of genetic values whose variance is `scale` times what is said."""
    rng = np.random.default_rng(4)
    said = rng.uniform(0.5, 1.5, n)
    error = np.sqrt(scale) * said * rng.normal(size=n)
    error += np.sqrt(noise) * rng.normal(size=n)
    return pd.DataFrame(
        {
            "sample_id": np.arange(n).astype(str),
            "trait": "t",
            "environment": "",
            "split": "kfold",
            "model": "m",
            "observed": error,
            "predicted": 0.0,
            "spread": said,
        }
    )


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_width_is_that_of_out_of_fold_errors_without_their_noise(scale):
    rows = out_of_fold(scale)
    assert held_out_scale(rows, 2.0) == pytest.approx(scale, abs=0.2)
    widened = calibrated(belief([0.0, 1.0], [1.0, 2.0]), rows, "m")
    # the posterior says the noise is 1: the rest of the residuals is its error
    expected = np.sqrt(held_out_scale(rows, 1.0))
    assert widened.sd[:, 0] == pytest.approx(expected * np.array([1.0, 2.0]))
    assert widened.mean.tolist() == [[0.0], [1.0]]


def test_few_residuals_hardly_change_the_width():
    many, few = out_of_fold(4.0), out_of_fold(4.0).head(12)
    assert held_out_scale(many, 2.0) > 3.5
    assert abs(held_out_scale(few, 2.0) - 1) < 1
    assert held_out_scale(many.assign(spread=np.nan), 2.0) == 1
    assert held_out_scale(many, np.nan) == 1
