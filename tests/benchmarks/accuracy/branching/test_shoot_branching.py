from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.branching import shoot_branching as bench
from benchmarks.accuracy.branching.shoot_branching import (
    benchmark_plan,
    run_shoot_branching,
)

from meristem.errors import ConfigError
from meristem.simulate.shoot_branching import simulate_shoot_branching


def rows_of(path: Path):
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def quick(monkeypatch):
    """Models that take no time, and a count of the fits."""
    fits = []

    def fit(cell, population, seed):
        fits.append(cell)
        return population.test.genetic + 0.1 * cell.replicate, None

    monkeypatch.setattr(bench, "fit_predict", fit)
    return fits


def test_every_cell_is_written_once(tmp_path, quick):
    told = []
    table = run_shoot_branching(
        (30, 40),
        (1.0,),
        2,
        (0.0, 0.5),
        tmp_path,
        n_test=50,
        progress=lambda done, total: told.append((done, total)),
    )
    rows = rows_of(tmp_path / "results.csv")
    assert tuple(rows[0]) == bench.RESULT_COLUMNS
    assert len(rows) == 2 * 2 * (4 + 5)
    assert told[-1] == (36, 36)
    # models without labels are fitted once for both shares
    assert len(quick) == 2 * 2 * 5
    assert "binn+metabolites" in table
    assert {row["labels"] for row in rows} == {"0", "0.5"}
    first = rows[0]
    assert float(first["r"]) == pytest.approx(1)


def test_a_stopped_run_goes_on(tmp_path, quick):
    run_shoot_branching((30,), (1.0,), 1, (0.0,), tmp_path, n_test=50)
    before = (tmp_path / "results.csv").read_text()
    quick.clear()
    run_shoot_branching((30,), (1.0,), 2, (0.0,), tmp_path, n_test=50)
    assert {cell.replicate for cell in quick} == {2}
    assert (tmp_path / "results.csv").read_text().startswith(before)


def test_another_seed_needs_another_folder(tmp_path, quick):
    run_shoot_branching((30,), (1.0,), 1, (0.0,), tmp_path, n_test=50)
    with pytest.raises(ConfigError, match="another seed"):
        run_shoot_branching((30,), (1.0,), 1, (0.0,), tmp_path, 2, n_test=50)
    with pytest.raises(ConfigError, match="unknown models: wizard"):
        run_shoot_branching((30,), (1.0,), 1, (0.0,), tmp_path, models=("wizard",))


def test_the_plan_is_the_domain_graph():
    population = simulate_shoot_branching(
        n_train=5, n_test=5, rng=np.random.default_rng(1)
    )
    plan = benchmark_plan(population)
    assert set(plan.node_name) >= {"A", "S", "CK", "SL", "I"}
    assert [str(plan.node_name[i]) for i in plan.head_node] == ["I"]
    assert plan.n_edge == 40 + 10


def test_structure_beats_a_line(tmp_path):
    run_shoot_branching(
        (120,),
        (1.0,),
        1,
        (0.0,),
        tmp_path,
        n_test=400,
        models=("ridge", "gblup", "binn"),
    )
    error = {
        row["model"]: float(row["relative_mse"])
        for row in rows_of(tmp_path / "results.csv")
    }
    assert error["ridge"] == pytest.approx(error["gblup"], rel=0.5)
    assert error["binn"] < 0.4 * error["ridge"]
    latents = {
        row["node"]: float(row["r"]) for row in rows_of(tmp_path / "latents.csv")
    }
    assert set(latents) == {"A", "S", "CK", "SL", "I"}
    assert min(latents["A"], latents["S"], latents["I"]) > 0.9


@pytest.mark.slow
def test_the_targets_of_the_project(tmp_path):
    run_shoot_branching((200,), (1.0, 0.3), 5, (1.0,), tmp_path)
    rows = rows_of(tmp_path / "results.csv")

    def mean(model, h2):
        chosen = [r for r in rows if r["model"] == model and r["h2"] == h2]
        assert len(chosen) == 5
        return np.mean([float(r["relative_mse"]) for r in chosen])

    assert mean("binn", "1") < 0.2 * mean("dense", "1")
    assert mean("binn+metabolites", "0.3") < mean("ridge", "0.3")
    assert mean("binn", "0.3") < 1.03 * mean("ridge", "0.3")
