from __future__ import annotations

import numpy as np
import pytest
from tests.evaluate.toys import prediction_table

from meristem.config.stages import EvaluateConfig
from meristem.evaluate.scores import COLUMNS, score
from meristem.evaluate.table import PredictionTable
from meristem.records import SampleGroups
from meristem.stats import metrics

CONFIG = EvaluateConfig(top_share=0.2)


def table(environments=("",), n_line=42, n_fold=3) -> PredictionTable:
    rng = np.random.default_rng(2)
    rows = []
    for environment in environments:
        for replicate in range(2):
            fold = rng.permutation(n_line) % n_fold
            y = rng.standard_normal(n_line)
            for model, noise in (("gblup", 1.0), ("binn", 0.5)):
                y_hat = y + noise * rng.standard_normal(n_line)
                rows += [
                    (f"l{k}", "yield", environment, "kfold", replicate, fold[k], model)
                    + (y[k], y_hat[k], np.nan)
                    for k in range(n_line)
                ]
    return prediction_table(rows)


def groups(n_line=42) -> SampleGroups:
    names = np.array([f"l{k}" for k in range(n_line)][::-1])
    family = np.array(["A" if int(name[1:]) < 30 else "" for name in names])
    parent = np.array(["p"] * n_line)
    return SampleGroups(
        names,
        np.array(["family", "parent_1"]),
        np.stack([family, parent], axis=1),
    )


def pick(frame, **wanted):
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    return frame


def test_every_metric_of_every_fold_equals_the_function():
    predictions = table()
    frame = score(predictions, None, CONFIG).to_frame()
    assert tuple(frame.columns) == COLUMNS
    raw = predictions.to_frame()
    for (model, replicate, fold), rows in raw.groupby(["model", "replicate", "fold"]):
        found = pick(frame, model=model, replicate=replicate, fold=str(fold))
        y, y_hat = rows["observed"].to_numpy(), rows["predicted"].to_numpy()
        assert set(found["metric"]) == set(metrics.METRICS)
        for name, measure in metrics.METRICS.items():
            value = pick(found, metric=name)["value"].item()
            assert value == pytest.approx(measure(y, y_hat, 3), nan_ok=True)


def test_pooled_folds():
    predictions = table()
    frame = score(predictions, None, CONFIG).to_frame()
    rows = pick(predictions.to_frame(), model="binn", replicate=1)
    expected = metrics.pearson(
        rows["observed"].to_numpy(), rows["predicted"].to_numpy()
    )
    found = pick(frame, model="binn", replicate=1, fold="all", metric="pearson")
    assert found["value"].item() == pytest.approx(expected)


def test_groups_are_scored_by_name_and_parents_are_not():
    predictions = table()
    frame = score(predictions, groups(), CONFIG).to_frame()
    assert set(frame["group"]) == {"", "family=A"}
    rows = pick(predictions.to_frame(), model="gblup", replicate=0)
    rows = rows[rows["sample_id"].isin([f"l{k}" for k in range(30)])]
    expected = metrics.mse(rows["observed"].to_numpy(), rows["predicted"].to_numpy())
    found = pick(
        frame, model="gblup", replicate=0, fold="all", metric="mse", group="family=A"
    )
    assert found["value"].item() == pytest.approx(expected)


def test_small_groups_are_not_scored():
    names = np.array([f"l{k}" for k in range(42)])
    label = np.array(["tiny"] * 3 + ["rest"] * 39)
    sample_groups = SampleGroups(names, np.array(["family"]), label[:, None])
    frame = score(table(), sample_groups, CONFIG).to_frame()
    assert "family=tiny" not in set(frame["group"])


def test_mean_over_environments():
    frame = score(table(("dry", "wet")), None, CONFIG).to_frame()
    key = {"model": "binn", "replicate": 0, "fold": "1", "metric": "pearson"}
    single = [
        pick(frame, environment=name, **key)["value"].item() for name in ("dry", "wet")
    ]
    mean = pick(frame, environment="all", **key)["value"].item()
    assert mean == pytest.approx(np.mean(single))


def test_one_environment_has_no_mean():
    frame = score(table(("dry",)), None, CONFIG).to_frame()
    assert set(frame["environment"]) == {"dry"}
