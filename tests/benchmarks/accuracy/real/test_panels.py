from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.real import panels as bench
from benchmarks.accuracy.real.panel_list import AUTO, PANELS, Panel, Sampling
from benchmarks.accuracy.real.panels import (
    ability,
    panel_config,
    result_rows,
    run_panels,
    summary_rows,
)

from meristem.config.models import AutoOptions, GBLUPOptions, RidgeOptions
from meristem.errors import ConfigError

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"

CONFIG = """
[genotypes]
path = "../../shared/data/gp/wheat_bglr/dosage.csv"

[phenotypes]
path = "../../shared/data/gp/wheat_bglr/phenotypes.csv"
layout = "wide"

[evaluate]
folds = 3
"""


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A panel of 30 lines under the name of a public one, with few models."""
    rng = np.random.default_rng(1)
    data, examples = tmp_path / "public" / "data", tmp_path / "project" / "examples"
    home = data / "gp" / "wheat_bglr"
    home.mkdir(parents=True)
    examples.mkdir(parents=True)
    dosage = rng.integers(0, 3, size=(30, 12))
    y = dosage[:, :4].sum(axis=1) + rng.normal(size=30)
    head = ",".join(["line", *(f"m{k}" for k in range(12))])
    lines = [f"l{k}," + ",".join(map(str, row)) for k, row in enumerate(dosage)]
    (home / "dosage.csv").write_text("\n".join([head, *lines]) + "\n")
    lines = [
        f"l{k},{a:.4f},{b:.4f}" for k, (a, b) in enumerate(zip(y, -y, strict=True))
    ]
    (home / "phenotypes.csv").write_text("\n".join(["line,one,two", *lines]) + "\n")
    (examples / "wheat_bglr.toml").write_text(CONFIG)
    models = (GBLUPOptions(), RidgeOptions(), AutoOptions(name=AUTO))
    few = Panel("wheat_bglr", models, sampling=Sampling("", total=27))
    monkeypatch.setitem(bench.PANELS, "wheat", few)
    return data, examples


def run(folders, out, **more):
    data, examples = folders
    return run_panels(data, out, panels=("wheat",), examples=examples, **more)


def read(path):
    with path.open() as handle:
        return list(csv.DictReader(handle))


def test_a_panel_from_its_example(folders, tmp_path):
    out, told = tmp_path / "out", []
    text = run(folders, out, replicates=2, progress=lambda *at: told.append(at))
    assert "wheat" in text
    assert told[-1] == ("wheat", 9, 9)
    fold_table = read(out / "folds.csv")
    assert len(fold_table) == 2 * 3 * 2 * 3  # traits, folds, repeats, models
    assert {row["n_train"] for row in fold_table} == {"18"}
    rows = read(out / "results.csv")
    assert {row["trait"] for row in rows} == {"one", "two", "all"}
    assert {row["folds"] for row in rows} == {"6"}
    both = [row for row in rows if row["trait"] == "all" and row["model"] != AUTO]
    assert sum(row["best_linear"] == "yes" for row in both) == 1
    for row in both:
        assert float(row["minus_low"]) <= float(row["auto_minus"])
        assert float(row["auto_minus"]) <= float(row["minus_high"])
    against = {row["against"] for row in read(out / "summary.csv")}
    assert against == {"gblup", "elsewhere", "hindsight"}
    # a second call takes every row from the table, a model without rows is fitted
    before = (out / "folds.csv").read_text()
    told.clear()
    run(folders, out, replicates=2, progress=lambda *at: told.append(at))
    assert told == []
    assert (out / "folds.csv").read_text() == before
    kept = [line for line in before.splitlines() if ",1,0,ridge," not in line]
    kept = [line for line in kept if ",1,1,ridge," not in line]
    kept = [line for line in kept if ",1,2,ridge," not in line]
    (out / "folds.csv").write_text("\n".join(kept) + "\n")
    run(folders, out, replicates=2, progress=lambda *at: told.append(at))
    assert told[-1] == ("wheat", 3, 3)
    assert sorted((out / "folds.csv").read_text()) == sorted(before)


def test_bad_options(folders, tmp_path):
    with pytest.raises(ConfigError, match="unknown panels: rice"):
        run_panels(folders[0], tmp_path, panels=("rice",))
    with pytest.raises(ConfigError, match="unknown models: wizard"):
        run(folders, tmp_path, models=("wizard",))
    with pytest.raises(ConfigError, match="is no folder"):
        run_panels(tmp_path / "nowhere", tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        run_panels(folders[0], tmp_path / "o", examples=tmp_path / "nowhere")


def test_every_panel_has_an_example_that_finds_its_data(tmp_path):
    for name, panel in PANELS.items():
        config = panel_config(name, tmp_path, EXAMPLES, replicates=7, seed=3)
        assert config.genotypes.path.is_relative_to(tmp_path / "gp")
        assert config.evaluate.replicates == 7
        assert config.models == panel.models
        for key, value in panel.evaluate.items():
            assert getattr(config.evaluate, key) == value
        labels = [options.label for options in config.models]
        assert len(set(labels)) == len(labels)
        assert config.evaluate.reference in labels
    knowledge = panel_config(
        "yeast", tmp_path, EXAMPLES, replicates=1, seed=1
    ).knowledge
    assert knowledge is not None
    assert knowledge.annotation is not None
    assert knowledge.annotation.parent == tmp_path / "prior_knowledge"


def fold_table(**by_model):
    """One panel, one trait, a fold per value."""
    return [
        {
            "panel": "p",
            "trait": "t",
            "environment": "",
            "replicate": "0",
            "fold": str(k),
            "model": model,
            "n_train": "10",
            "r": str(value),
            "seconds": "1",
        }
        for model, values in by_model.items()
        for k, value in enumerate(values)
    ]


def test_differences_by_hand():
    rows = fold_table(gblup=[0.1, 0.2, 0.3], rkhs=[0.4, 0.1, 0.2], auto=[0.3, 0.3, 0.3])
    found = {row["against"]: float(row["difference"]) for row in summary_rows(rows)}
    assert found["gblup"] == pytest.approx(0.1, abs=1e-6)
    # of all folds rkhs is best; without the first one, gblup
    assert found["hindsight"] == pytest.approx(0.3 - 0.7 / 3, abs=1e-6)
    assert found["elsewhere"] == pytest.approx(np.mean([0.2, 0.2, 0.1]), abs=1e-6)
    results = {row["model"]: row for row in result_rows(rows)}
    assert float(results["rkhs"]["auto_minus"]) == pytest.approx(0.2 / 3, abs=1e-6)
    assert results["gblup"]["best_linear"] == "yes"


def test_repeats_that_some_model_lacks_are_left_out():
    rows = fold_table(gblup=[0.1, 0.2, 0.3], auto=[0.3, 0.3, 0.3])
    more = [row | {"replicate": "1"} for row in rows if row["model"] == "gblup"]
    assert summary_rows([*rows, *more]) == summary_rows(rows)
    assert result_rows([*rows, *more]) == result_rows(rows)


def test_ability_within_families_leaves_their_means_out():
    rng = np.random.default_rng(1)
    family = np.repeat(["a", "b", "c", "d"], [20, 20, 20, 2])
    level = np.repeat([0.0, 10.0, -10.0, 50.0], [20, 20, 20, 2])
    inside = rng.normal(size=62)
    y, said = level + inside, level + rng.normal(size=62)
    y[0] = np.nan
    assert ability(y, said) > 0.9
    assert abs(ability(y, said, family)) < 0.4
    assert ability(y, level + inside, family) == pytest.approx(1)
