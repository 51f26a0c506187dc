"""Trials in several environments through the whole chain: rows are records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

CONFIG = """
[run]
seed = 2

[genotypes]
path = "markers.csv"

[phenotypes]
path = "trials.csv"
by = "record"
units = { yield = "t/ha" }

[groups]
path = "families.csv"

[evaluate]
scheme = "cv0"
inner_folds = 2

[[models]]
kind = "gblup"
identity = "sample"

[[models]]
kind = "ridge"
"""


def write_trials(folder: Path) -> Path:
    """Write 26 lines in three places, two of them never tested."""
    rng = np.random.default_rng(4)
    names = [f"line{k}" for k in range(26)]
    dosage = 2 * rng.integers(0, 2, (26, 31))
    value = (dosage - 1) @ rng.standard_normal(31) / 4
    header = ",".join(["sample", *(f"snp{k}" for k in range(31))])
    lines = [",".join([n, *map(str, d)]) for n, d in zip(names, dosage, strict=True)]
    (folder / "markers.csv").write_text("\n".join([header, *lines]) + "\n")
    rows = ["line,environment,trait,value"]
    for place, mean in (("north", 3.0), ("south", 9.0), ("west", 5.0)):
        for k in range(24):
            seen = value[k] + mean + 0.4 * rng.standard_normal()
            rows.append(f"{names[k]},{place},yield,{seen:.4f}")
    (folder / "trials.csv").write_text("\n".join(rows) + "\n")
    labels = ["line,family", *(f"{n},f{k % 2}" for k, n in enumerate(names))]
    (folder / "families.csv").write_text("\n".join(labels) + "\n")
    path = folder / "analysis.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("trials")
    config = read_config(write_trials(folder))
    assert check_analysis(config).problems == ()
    analysis = Analysis(config, RunFolder(folder / "run"))
    run_stages(analysis)
    return analysis


def test_each_environment_is_left_out_once(finished: Analysis) -> None:
    splits = finished.folder.read_table("splits.csv")
    assert set(splits["scheme"]) == {"cv0"}
    for _, rows in splits[splits["role"] == "test"].groupby("fold"):
        assert rows["sample_id"].str.split("@").str[1].nunique() == 1
    predictions = finished.folder.read_table("predictions.csv")
    assert set(predictions["environment"]) == {"north", "south", "west"}
    assert predictions["sample_id"].nunique() == 24


def test_verdicts_are_per_environment_and_over_all(finished: Analysis) -> None:
    verdicts = finished.folder.read_json("verdicts.json")
    places = {verdict["environment"] for verdict in verdicts}
    assert places == {"north", "south", "west", "all"}
    assert all(verdict["mean"] > 0.4 for verdict in verdicts)
    scores = finished.folder.read_table("scores.csv")
    assert {"family=f0", "family=f1"} <= set(scores["group"].dropna())


def test_untested_lines_become_candidates(finished: Analysis) -> None:
    table = finished.folder.read_table("candidates.csv")
    assert set(table["sample_id"]) == {"line24", "line25"}
    assert table["deviation"].abs().max() < 3
    assert set(table["environment"]) == {"north", "south", "west"}
    rows = pd.read_csv(finished.config.phenotypes.path)
    mean = table["environment"].map(rows.groupby("environment")["value"].mean())
    assert np.allclose(table["predicted"], mean + table["deviation"])
    assert np.isfinite(table["low"]).all()
    for _, own in table.groupby(["model", "sample_id"]):
        assert own["rank"].nunique() == 1  # no term differs between environments
    assert (table["low"] < table["predicted"]).all()
    html = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "rank alike in every environment" in html
    assert "(GEBV, t/ha)" in html
    section = html[html.index('id="candidates"') :]
    best = table[(table["model"] == "gblup") & (table["rank"] == 1)]
    shown = [f"{level:.3g}" for level in best["predicted"]]
    assert len(set(shown)) == 3
    assert all(level in section for level in shown)


def test_structure_shows_every_line_once(finished: Analysis) -> None:
    table = finished.folder.read_table("structure.csv")
    assert sorted(table["sample_id"]) == sorted(f"line{k}" for k in range(26))
    assert set(table["group"]) == {"f0", "f1"}
