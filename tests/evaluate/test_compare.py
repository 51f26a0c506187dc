from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from tests.evaluate.toys import prediction_table

from meristem.config.stages import EvaluateConfig
from meristem.errors import ConfigError
from meristem.evaluate.compare import compare, judge, paired_interval
from meristem.evaluate.table import PredictionTable
from meristem.records import SampleGroups
from meristem.stats.metrics import pearson

CONFIG = EvaluateConfig(reference="gblup")


def table(
    noise: dict[str, float],
    *,
    n_line=150,
    seed=1,
    n_replicate=2,
    traits=("yield",),
    schemes=("kfold",),
) -> PredictionTable:
    """Each line's prediction errors are its own and equal in all replicates."""
    rng = np.random.default_rng(seed)
    rows = []
    for scheme in schemes:
        for trait in traits:
            y = rng.standard_normal(n_line)
            predicted = {
                model: y + sd * rng.standard_normal(n_line)
                for model, sd in noise.items()
            }
            for replicate in range(n_replicate):
                fold = rng.permutation(n_line) % 5
                for model in noise:
                    rows += [
                        (f"l{k}", trait, "", scheme, replicate, fold[k], model)
                        + (y[k], predicted[model][k], np.nan)
                        for k in range(n_line)
                    ]
    return prediction_table(rows)


def test_a_clearly_better_and_a_clearly_worse_model():
    verdicts = judge(table({"binn": 0.5, "gblup": 1.0, "dense": 2.0}), "gblup")
    assert {v.model: v.verdict for v in verdicts} == {
        "binn": "better",
        "dense": "worse",
    }
    better = verdicts[0]
    assert 0 < better.interval[0] < better.difference < better.interval[1]
    assert better.line.startswith("binn is better than gblup for yield: predictive")
    assert better.n_folds == 10


def test_the_mean_is_the_mean_over_folds():
    predictions = table({"binn": 0.5, "gblup": 1.0})
    (verdict,) = judge(predictions, "gblup")
    frame = predictions.to_frame()
    frame = frame[frame["model"] == "binn"]
    values = [
        pearson(rows["observed"].to_numpy(), rows["predicted"].to_numpy())
        for _, rows in frame.groupby(["replicate", "fold"])
    ]
    assert verdict.mean == pytest.approx(np.mean(values))


def test_a_model_equal_to_the_reference():
    predictions = table({"gblup": 1.0, "binn": 1.0})
    same = predictions.take(predictions.model == "gblup").to_frame()
    twin = same.assign(model="twin")
    both = PredictionTable.from_frame(pd.concat([same, twin], ignore_index=True))
    (verdict,) = judge(both, "gblup")
    assert (verdict.difference, verdict.interval) == (0, (0, 0))
    assert verdict.verdict == "not distinguishable"


def test_rows_one_model_lacks_are_compared_for_none():
    predictions = table({"gblup": 1.0, "binn": 1.0})
    frame = predictions.to_frame()
    lacks = (frame["model"] == "binn") & (frame["sample_id"] == "l3")
    short = PredictionTable.from_frame(frame[~lacks])
    without = PredictionTable.from_frame(frame[frame["sample_id"] != "l3"])
    assert judge(short, "gblup")[0].mean == judge(without, "gblup")[0].mean
    assert (
        judge(short, "gblup")[0].reference_mean
        == judge(without, "gblup")[0].reference_mean
    )


def test_the_order_of_rows_does_not_matter():
    predictions = table({"gblup": 1.0, "binn": 0.8})
    order = np.random.default_rng(1).permutation(predictions.n_row)
    one, two = judge(predictions, "gblup"), judge(predictions.take(order), "gblup")
    assert one[0].interval == pytest.approx(two[0].interval)


def test_several_targets_get_one_verdict_more():
    predictions = table({"gblup": 1.0, "binn": 0.5}, traits=("a", "b", "c"))
    verdicts = judge(predictions, "gblup")
    assert [v.trait for v in verdicts] == ["a", "b", "c", "all"]
    single = [v.difference for v in verdicts[:3]]
    assert verdicts[3].difference == pytest.approx(np.mean(single))
    assert "over all traits" in verdicts[3].line


def test_learning_curves_get_no_verdict():
    predictions = table({"gblup": 1, "binn": 1}, schemes=("kfold", "kfold:n=50"))
    assert {v.split for v in judge(predictions, "gblup")} == {"kfold"}


def test_json_form_follows_the_contract():
    predictions = table({"gblup": 1.0, "measured_omics": 0.5})
    (entry,) = compare(predictions, CONFIG, not_deployable=("measured_omics",))
    text = json.dumps(entry, allow_nan=False)
    assert set(json.loads(text)) >= {
        "model",
        "trait",
        "environment",
        "metric",
        "mean",
        "reference",
        "reference_mean",
        "difference",
        "interval",
        "n_folds",
        "verdict",
        "deployable",
        "line",
    }
    assert entry["deployable"] is False
    assert len(entry["interval"]) == 2


def test_an_absent_reference_is_named():
    with pytest.raises(ConfigError, match=r"'gblup' was not evaluated[\s\S]*ridge"):
        compare(table({"ridge": 1.0, "binn": 1.0}), CONFIG)


def test_hybrids_are_drawn_by_their_parents():
    rng = np.random.default_rng(4)
    n_1, n_2 = 12, 10
    pairs = [(i, j) for i in range(n_1) for j in range(n_2)]
    effect = {m: (rng.standard_normal(n_1), rng.standard_normal(n_2)) for m in "ab"}
    y = np.array([effect["a"][0][i] + effect["a"][1][j] for i, j in pairs])
    rows = []
    for model, sd in (("gblup", 0.7), ("binn", 0.9)):
        # the error of a hybrid is that of its parents
        one, two = sd * rng.standard_normal(n_1), sd * rng.standard_normal(n_2)
        rows += [
            (f"h{k}", "y", "", "parents", 0, k % 2, model, y[k])
            + (y[k] + one[i] + two[j], np.nan)
            for k, (i, j) in enumerate(pairs)
        ]
    columns = (
        "sample_id,trait,environment,split,replicate,fold,model,observed,predicted,"
        "spread"
    ).split(",")
    predictions = PredictionTable.from_frame(pd.DataFrame(rows, columns=columns))
    groups = SampleGroups(
        np.array([f"h{k}" for k in range(len(pairs))]),
        np.array(["parent_1", "parent_2"]),
        np.array([(f"d{i}", f"f{j}") for i, j in pairs]),
    )
    by_line, by_parent = (
        judge(predictions, "gblup"),
        judge(predictions, "gblup", groups),
    )
    width = [v[0].interval[1] - v[0].interval[0] for v in (by_line, by_parent)]
    assert width[1] > 1.5 * width[0]


def test_interval_of_nothing():
    assert np.isnan(paired_interval(0.1, np.full(3, np.nan))).all()


@pytest.mark.slow
def test_equally_good_models_are_seldom_told_apart():
    wrong = 0
    for seed in range(100):
        (verdict,) = judge(table({"gblup": 1.0, "binn": 1.0}, seed=seed), "gblup")
        wrong += verdict.verdict != "not distinguishable"
    # errors independent over lines: doubling the variance leaves far less than 5 %
    assert wrong <= 5


@pytest.mark.slow
def test_models_on_equal_halves_of_the_markers_are_seldom_told_apart():
    """Real cross-validation: training sets overlap, errors are not independent."""
    wrong = 0
    n_line, n_half = 150, 60
    for seed in range(100):
        rng = np.random.default_rng(1000 + seed)
        effect = rng.standard_normal(n_half)
        halves = {
            name: rng.binomial(2, 0.5, (n_line, n_half)) - 1.0
            for name in ("gblup", "binn")
        }
        genetic = sum(half @ effect for half in halves.values())
        y = genetic / np.sqrt(n_half) + rng.standard_normal(n_line)
        rows = []
        for replicate in range(2):
            fold = rng.permutation(n_line) % 5
            for model, z in halves.items():
                for held in range(5):
                    test, train = fold == held, fold != held
                    kernel = z[train] @ z[train].T + n_half * np.eye(train.sum())
                    mean = y[train].mean()
                    weight = np.linalg.solve(kernel, y[train] - mean)
                    y_hat = mean + z[test] @ (z[train].T @ weight)
                    rows += [
                        (f"l{k}", "y", "", "kfold", replicate, held, model, y[k])
                        + (value, np.nan)
                        for k, value in zip(np.flatnonzero(test), y_hat, strict=True)
                    ]
        columns = (
            "sample_id,trait,environment,split,replicate,fold,model,observed,"
            "predicted,spread"
        ).split(",")
        predictions = PredictionTable.from_frame(pd.DataFrame(rows, columns=columns))
        wrong += judge(predictions, "gblup")[0].verdict != "not distinguishable"
    assert wrong <= 14


def test_the_interval_is_wider_than_the_bootstrap_by_the_root_of_two():
    draws = np.random.default_rng(1).standard_normal(40_000) + 5
    low, high = paired_interval(0.3, draws)
    assert low == pytest.approx(0.3 - 1.96 * np.sqrt(2), abs=0.05)
    assert high == pytest.approx(0.3 + 1.96 * np.sqrt(2), abs=0.05)


def test_folds_of_two_lines_give_no_verdict():
    (verdict,) = judge(table({"binn": 0.1, "gblup": 3.0}, n_line=8), "gblup")
    assert verdict.verdict == "not distinguishable"
    assert verdict.line.startswith("No verdict on binn against gblup")
    (verdict,) = judge(table({"binn": 0.1, "gblup": 3.0}, n_line=60), "gblup")
    assert "No verdict" not in verdict.line


def test_a_target_of_one_line_leaves_the_others_their_verdict():
    frame = table({"gblup": 1.0, "binn": 0.5}, traits=("a", "b")).to_frame()
    frame = frame[(frame["trait"] == "a") | (frame["sample_id"] == "l3")]
    first, second, both = judge(PredictionTable.from_frame(frame), "gblup")
    assert both.difference == first.difference
    assert both.interval == first.interval
    assert second.line == (
        "No verdict on binn against gblup for b: no fold has lines enough that differ "
        "to correlate the predictions of gblup."
    )
