"""Folds, rewards, ensembles and scores: nothing of the held-out rows leaks in."""

import math

import numpy as np
import pytest
from tests.kinetics.toys import GUIDE, draw_targets

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.network.ensemble import fit_ensemble, predict_ensemble
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.network.simulate import planted_benchmark, simulate
from meristem.kinetics.scoring.assess import score_predictions
from meristem.kinetics.search.folds import (
    GroupedReward,
    kind_folds,
    sequence_folds,
)
from meristem.kinetics.transfer.baselines import ridge_prediction
from meristem.stats.metrics import pearson

QUICK = FitOptions(limits=(-math.inf, math.inf), epochs=10, learning_rate=0.05)


@pytest.fixture(scope="module")
def planted() -> tuple:
    rng = np.random.default_rng(0)
    simulation = planted_benchmark(rng, scale=2.0)
    _, data = simulate(simulation, 600, n_change=(4, 8), rng=rng)
    truth = Architecture(tuple(Window(r.start, r.stop) for r in simulation.rates))
    return simulation, data, truth


def test_folds_part_the_groups() -> None:
    group = np.array([0, 0, 1, 2, 3, 3, 3, 4, 5, 6])
    data = Measurements(
        np.zeros((10, 2, 1), np.uint8), np.zeros(10), np.zeros(10, bool), group
    )
    folds = sequence_folds(data, 3, np.random.default_rng(0))
    assert (folds.sum(0) == 1).all()
    for fold in folds:
        assert set(group[fold > 0]).isdisjoint(group[fold == 0])
    with pytest.raises(DataError, match="7 sequences cannot make 8 folds"):
        sequence_folds(data, 8, np.random.default_rng(0))


def test_held_out_kinds_are_never_trained_on() -> None:
    targets = draw_targets(80)
    x = kinetic_channels(encode_pairs([GUIDE] * 80, targets), "chemistry")
    data = Measurements(x, np.zeros(80), np.zeros(80, bool), np.arange(80), "chemistry")
    folds = kind_folds(data, 4, np.random.default_rng(0))
    assert len(folds) == 4
    for fold in folds:
        trained = x[fold == 0][:, :, 1:5].any(axis=0)
        everywhere = x[:, :, 1:5].any(axis=0)
        assert (everywhere & ~trained).any()


def test_true_windows_are_rewarded(planted: tuple) -> None:
    simulation, data, truth = planted
    wrong = Architecture(tuple(Window(w.start + 9, w.stop + 9) for w in truth.windows))
    folds = sequence_folds(data, 4, np.random.default_rng(0))
    reward = GroupedReward(
        simulation.scheme, data, folds[:2], np.random.default_rng(0), QUICK
    )
    value = reward([truth, wrong])
    assert value[0] > value[1] + 0.1


def test_reward_does_not_see_held_out_values(planted: tuple) -> None:
    simulation, data, truth = planted
    folds = sequence_folds(data, 4, np.random.default_rng(0))[:1]
    held = folds[0] > 0
    spoiled = Measurements(data.x, data.y.copy(), data.censored, data.group)
    spoiled.y[held] = np.random.default_rng(1).permutation(data.y[held])
    options = FitOptions(
        limits=QUICK.limits, epochs=10, learning_rate=0.05, patience=99
    )
    values = []
    for rows in (data, spoiled):
        reward = GroupedReward(
            simulation.scheme, rows, folds, np.random.default_rng(0), options
        )
        values.append(reward([truth])[0])
    assert values[0] > 0.5
    assert abs(values[1]) < 0.3


def test_ensembles_are_at_least_as_good_as_their_members(planted: tuple) -> None:
    simulation, data, truth = planted
    train, test = data.take(np.arange(450)), data.take(np.arange(450, 600))
    kinns = fit_ensemble(
        simulation.scheme,
        [truth],
        train,
        copies=4,
        rng=np.random.default_rng(0),
        options=QUICK,
    )
    assert len(kinns) == 4
    singles = [pearson(kinn.predict(test.x), test.y) for kinn in kinns]
    assert pearson(predict_ensemble(kinns, test.x), test.y) >= np.mean(singles)
    ridge = ridge_prediction(train, test)
    assert pearson(ridge, test.y) > 0.5


def test_scores_and_intervals() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    table = score_predictions(
        y,
        np.arange(300),
        {"good": y + rng.normal(0, 0.3, 300), "none": rng.normal(size=300)},
        rng=rng,
    ).set_index(["model", "metric"])
    good = table.loc[("good", "pearson")]
    assert good["low"] < good["value"] < good["high"]
    assert (
        table.loc[("none", "pearson"), "low"]
        < 0
        < table.loc[("none", "pearson"), "high"]
    )
    curved = score_predictions(y, np.arange(300), {"exp": np.exp(y)}, rng=rng)
    assert curved.set_index("metric").loc["spearman", "value"] == pytest.approx(1.0)


def test_predictions_that_do_not_vary_or_are_no_numbers_have_no_correlation() -> None:
    y = np.arange(30.0)
    bad = {"flat": np.ones(30), "lost": np.where(y > 3, y, np.nan)}
    found = score_predictions(y, np.arange(30), bad, rng=np.random.default_rng(0))
    r = found[found["metric"] != "rmse"]
    assert (r[["value", "low", "high"]] == 0).all(axis=None)
