from __future__ import annotations

import csv

import numpy as np
import pytest
from benchmarks.accuracy import controls as bench
from benchmarks.accuracy.branching.shoot_branching import benchmark_plan
from benchmarks.accuracy.controls import (
    FULL,
    SHOOT_MODELS,
    run_controls,
    shoot_predictor,
    summarise,
)

from meristem.config.models import DenseOptions
from meristem.errors import ConfigError
from meristem.evaluate.controls import ShuffledOmics, network_parameters
from meristem.simulate.shoot_branching import simulate_shoot_branching


def rows_of(path):
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def quick(monkeypatch):
    fits = []

    def shoot(replicate, n, model, seed):
        fits.append((replicate, n, model))
        return {"relative_mse": str(0.01 * len(model)), "r": "0.9"}

    monkeypatch.setattr(bench, "_shoot", shoot)
    return fits


def test_cells_are_kept(tmp_path, quick):
    asked = {"benchmarks": ("shoot-branching",), "n_shoot": (30,)}
    text = run_controls(tmp_path, 2, **asked)
    assert len(rows_of(tmp_path / "results.csv")) == 2 * len(SHOOT_MODELS)
    assert "binn-30%-wrong" in text
    quick.clear()
    run_controls(tmp_path, 3, **asked, models=("dense",))
    assert quick == [(3, 30, "dense")]
    summary = {row["model"]: row for row in rows_of(tmp_path / "summary.csv")}
    assert summary["dense"]["replicates"] == "3"
    assert float(summary["dense"]["binn_minus"]) == pytest.approx(-0.01)


def test_a_control_runs(tmp_path):
    run_controls(
        tmp_path,
        1,
        benchmarks=("shoot-branching",),
        n_shoot=(40,),
        models=("binn", "binn-50%-missing"),
    )
    rows = rows_of(tmp_path / "results.csv")
    assert [row["model"] for row in rows] == ["binn", "binn-50%-missing"]
    assert all(0 < float(row["relative_mse"]) < 3 for row in rows)


def test_each_control_lacks_what_it_says():
    population = simulate_shoot_branching(
        n_train=20, n_test=5, labels=1.0, rng=np.random.default_rng(1)
    )
    true = benchmark_plan(population)
    made = {m: shoot_predictor(population, m, 1, 1) for m in SHOOT_MODELS}
    assert made["binn"].plan.hash == true.hash
    assert made["binn"].options.omics == "none"
    assert made["binn-shuffled-graph"].options.graph == "shuffled"
    assert made["binn-random-graph"].options.graph == "random"
    assert made["dense"].options == DenseOptions()
    assert made["binn+metabolites"].options.omics == "soft"
    assert isinstance(made["binn+metabolites-shuffled-omics"], ShuffledOmics)
    full = made[FULL]
    assert full.options.graph == made["binn"].options.graph
    size = network_parameters(full.options, full.plan)
    assert size == pytest.approx(network_parameters(full.options, true), rel=0.3)
    wrong, missing = made["binn-30%-wrong"].plan, made["binn-50%-missing"].plan
    assert wrong.n_edge == true.n_edge
    assert wrong.hash != true.hash
    assert missing.n_edge <= true.n_edge / 2 + 1
    again = shoot_predictor(population, "binn-30%-wrong", 1, 1).plan
    assert again.hash == wrong.hash


def test_bad_names(tmp_path):
    with pytest.raises(ConfigError, match="unknown benchmarks: x"):
        run_controls(tmp_path, 1, benchmarks=("x",))
    with pytest.raises(ConfigError, match="unknown models: y"):
        run_controls(tmp_path, 1, models=("y",))
    assert summarise([]) == []
