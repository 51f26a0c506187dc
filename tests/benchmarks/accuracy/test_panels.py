from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy import panels as bench
from benchmarks.accuracy.panels import (
    NETWORK,
    PANELS,
    panel_config,
    run_panels,
    score_models,
)

from meristem.config.models import AutoOptions, GBLUPOptions, RidgeOptions
from meristem.errors import ConfigError
from meristem.evaluate.table import PredictionTable

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

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
    models = (GBLUPOptions(), RidgeOptions(), AutoOptions(name="binn"))
    monkeypatch.setitem(bench.PANELS, "wheat_bglr", models)
    return data, examples


def run(folders, out, **more):
    data, examples = folders
    return run_panels(data, out, panels=("wheat_bglr",), examples=examples, **more)


def test_a_panel_from_its_example(folders, tmp_path):
    out, told = tmp_path / "out", []
    text = run(folders, out, replicates=2, progress=lambda *at: told.append(at))
    assert "wheat_bglr" in text
    assert told[-1] == ("wheat_bglr", 18, 18)
    with (out / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["trait"] for row in rows} == {"one", "two", "all"}
    assert {row["folds"] for row in rows if row["trait"] == "one"} == {"6"}
    both = [row for row in rows if row["trait"] == "all" and row["model"] != NETWORK]
    assert sum(row["best_linear"] == "yes" for row in both) == 1
    for row in both:
        assert float(row["minus_low"]) <= float(row["binn_minus"])
        assert float(row["binn_minus"]) <= float(row["minus_high"])
    # without knowledge the network is its polygenic path
    mean = {row["model"]: float(row["mean"]) for row in rows if row["trait"] == "one"}
    assert mean["binn"] == pytest.approx(mean["gblup"], abs=1e-6)
    # a second call takes every fold from the work folder
    before = (out / "results.csv").read_text()
    told.clear()
    run(folders, out, replicates=2, progress=lambda *at: told.append(at))
    assert told == [("wheat_bglr", 18, 18)]
    assert (out / "results.csv").read_text() == before
    run(folders, out, replicates=2, models=("gblup",))
    with (out / "results.csv").open() as handle:
        assert {row["model"] for row in csv.DictReader(handle)} == {"gblup"}


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
    for name in PANELS:
        config = panel_config(name, tmp_path, EXAMPLES, replicates=7, seed=3)
        assert config.genotypes.path.is_relative_to(tmp_path / "gp" / name)
        assert config.evaluate.replicates == 7
        assert config.models == PANELS[name]
        labels = [options.label for options in config.models]
        assert len(set(labels)) == len(labels)
        assert config.evaluate.reference in labels
    knowledge = panel_config(
        "yeast_smith2008", tmp_path, EXAMPLES, replicates=1, seed=1
    ).knowledge
    assert knowledge is not None
    assert knowledge.annotation is not None
    assert knowledge.annotation.parent == tmp_path / "prior_knowledge"


def test_scores_by_hand():
    rng = np.random.default_rng(2)
    n = 40
    y = rng.normal(size=n)
    said = {"gblup": y + rng.normal(size=n), "binn": y, "measured_omics": y}
    parts = [
        (np.array([f"l{k}" for k in range(n)]), y, value, model)
        for model, value in said.items()
    ]
    size = n * len(parts)
    table = PredictionTable(
        sample_id=np.concatenate([part[0] for part in parts]),
        trait=np.full(size, "t"),
        environment=np.full(size, ""),
        split=np.full(size, "kfold"),
        replicate=np.zeros(size, dtype=int),
        fold=np.tile(np.arange(n) % 4, len(parts)),
        model=np.repeat([part[3] for part in parts], n),
        observed=np.concatenate([part[1] for part in parts]),
        predicted=np.concatenate([part[2] for part in parts]),
        spread=np.full(size, np.nan),
    )
    rows = {row["model"]: row for row in score_models(table, None, 1)}
    fold = np.arange(n) % 4
    by_fold = [
        np.corrcoef(y[fold == k], said["gblup"][fold == k])[0, 1] for k in range(4)
    ]
    assert float(rows["gblup"]["mean"]) == pytest.approx(np.mean(by_fold), rel=1e-5)
    assert float(rows["gblup"]["binn_minus"]) == pytest.approx(
        1 - np.mean(by_fold), rel=1e-4
    )
    assert rows["gblup"]["best_linear"] == "yes"
    assert rows["measured_omics"]["deployable"] == "no"
