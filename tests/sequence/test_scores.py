import numpy as np
import pandas as pd
import pytest

from meristem.records import Split
from meristem.sequence.scores import compare_models, score_rows, score_task


def test_within_groups_sees_what_level_hides() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(np.array([f"g{k}" for k in range(30)]), 4)
    level = np.repeat(10 * rng.normal(size=30), 4)
    fine = rng.normal(size=120)
    found = score_task("regression", level + fine, level, group)
    assert found["pearson"] > 0.98
    assert abs(found["pearson_within"]) < 0.3
    naive = pd.Series(level + fine)
    naive = naive - naive.groupby(group).transform("mean")
    own = score_task("regression", level + fine, fine, group)["pearson_within"]
    centred = pd.Series(fine)
    centred = centred - centred.groupby(group).transform("mean")
    assert own == pytest.approx(naive.corr(centred))


def test_missing_values_do_not_count() -> None:
    y = np.array([1.0, np.nan, 2.0, 3.0, 4.0])
    guess = np.array([1.0, 99.0, 2.0, 3.0, 4.0])
    assert score_task("regression", y, guess, np.full(5, ""))["r2"] == 1.0


def test_binary_and_counts_have_metrics_of_their_own() -> None:
    y = np.array([0.0, 1, 0, 1])
    found = score_task("binary", y, np.array([0.1, 0.9, 0.2, 0.8]), np.full(4, ""))
    assert found == {"auroc": 1.0, "auprc": 1.0}
    assert "pearson_log" in score_task("counts", y, y, np.full(4, ""))


def test_rows_carry_where_they_come_from() -> None:
    split = Split("group", 2, 1, np.arange(0), np.arange(4))
    value = np.arange(8.0).reshape(4, 2)
    rows = list(
        score_rows("m", ("a", "b"), "regression", split, value, value, np.full(4, ""))
    )
    assert {(r["task"], r["replicate"], r["fold"]) for r in rows} == {
        ("a", 2, 1),
        ("b", 2, 1),
    }


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=200)
    parts = []
    for name, noise in (("kmer", 1.0), ("good", 0.2)):
        parts.append(
            pd.DataFrame(
                {
                    "sequence_id": [f"s{k}" for k in range(200)],
                    "split": "group",
                    "replicate": 0,
                    "fold": 0,
                    "model": name,
                    "task": "a",
                    "observed": y,
                    "predicted": y + noise * rng.normal(size=200),
                    "unit": np.arange(200),
                }
            )
        )
    table = compare_models(pd.concat(parts), "kmer", np.random.default_rng(1))
    good = table[table["model"] == "good"].iloc[0]
    assert good["difference"] > 0
    assert good["difference_low"] > 0
    assert good["low"] < good["r"] < good["high"]
