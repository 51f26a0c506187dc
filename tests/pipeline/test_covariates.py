"""Covariates from files to verdict: `meristem.pipeline.covariates` and all below it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.pipeline.test_leak_from_files import fitted_bytes

from meristem.config import models as kinds
from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.run import prepare, run_stages
from meristem.runs.folder import RunFolder

N = 60
CONFIG = """
[run]
seed = 3
out = "run"
[genotypes]
path = "markers.csv"
[phenotypes]
path = "phenotypes.csv"
by = "{by}"
traits = ["weight", "size"]
[covariates]
{covariates}
[evaluate]
scheme = "file"
splits = "splits.csv"
inner_folds = 2
[[models]]
kind = "gblup"
[[models]]
kind = "random_forest"
trees = 4
"""
BESIDE = 'columns = ["sex", "age"]\nrandom = "cage"\npcs = 2'
APART = 'path = "lines.csv"\ncolumns = ["sex", "age"]'
WITHIN = 'columns = ["sex", "days"]'
MODELS = (kinds.GBLUPOptions(), kinds.RidgeOptions(), kinds.ForestOptions(trees=4))


def write_case(
    folder: Path, covariates: str, *, by: str = "line", spoilt: bool = False
) -> Path:
    """Write lines of two sexes in cages, in two places if `days` are a covariate."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(9)
    dosage = rng.integers(0, 3, (N, 50))
    lines = [f"L{k:02d}" for k in range(N)]
    genetic = dosage[:, :20].sum(axis=1) * 0.3
    table = pd.DataFrame({"line": lines})
    table["sex"] = rng.choice(["F", "M"], N)
    table["age"] = rng.normal(50, 5, N).round(1)
    table["cage"] = [f"c{k}" for k in rng.integers(0, 20, N)]
    table.loc[2, "cage"] = "of its own"
    table.loc[[3, 9], "age"] = np.nan
    held = np.arange(N) % 5 == 2
    places = ["dry", "wet"] if "days" in covariates or by != "line" else ["dry"]
    parts = []
    for number, place in enumerate(places):
        part = table.assign(environment=place, days=rng.normal(90, 4, N).round(1))
        value = genetic + 3.0 * (part["sex"] == "M") + 0.1 * part["age"].fillna(50)
        value = value + 2.0 * number + 0.2 * part["days"] + rng.normal(0, 0.5, N)
        part["weight"], part["size"] = value.round(3), (-value).round(3)
        parts.append(part[rng.random(N) < (0.9 if len(places) > 1 else 2)])
    whole = pd.concat(parts)
    if len(places) == 1:
        whole = whole.drop(columns="environment")
    if spoilt:
        _spoil(whole, table, np.array(lines)[held])
    whole.to_csv(folder / "phenotypes.csv", index=False)
    table.to_csv(folder / "lines.csv", index=False)
    _write_markers(folder, dosage, lines)
    ids = dict(zip(lines, held.tolist(), strict=True))
    if by == "record":
        ids = {
            f"{r.line}@{r.environment}": ids[r.line]
            for r in whole.itertuples(index=False)
        }
    splits = pd.DataFrame({"scheme": "held", "replicate": 0, "fold": 0}, index=ids)
    splits["role"] = ["test" if out else "train" for out in ids.values()]
    splits["sample_id"] = list(ids)
    splits.to_csv(folder / "splits.csv", index=False)
    path = folder / "analysis.toml"
    path.write_text(CONFIG.format(by=by, covariates=covariates))
    return path


def _spoil(whole: pd.DataFrame, table: pd.DataFrame, held: np.ndarray) -> None:
    """Distort everything of the lines held out but their markers."""
    own = whole["line"].isin(held)
    for name in ("weight", "size"):
        whole.loc[own, name] = -1e4 * whole.loc[own, name].to_numpy()[::-1]
    whole.loc[own, ["age", "days"]] *= 17
    whole.loc[own, "sex"] = np.where(whole.loc[own, "sex"] == "F", "X", "Y")
    whole.loc[own, "cage"] = "c0"
    rows = table["line"].isin(held)
    table.loc[rows, "age"] *= 17
    table.loc[rows, "sex"] = "X"


def _write_markers(folder: Path, dosage: np.ndarray, lines: list[str]) -> None:
    markers = pd.DataFrame({"variant": [f"v{k}" for k in range(dosage.shape[1])]})
    markers["contig"], markers["position"] = 1, range(1, dosage.shape[1] + 1)
    markers["ref"], markers["alt"] = "A", "C"
    calls = pd.DataFrame(dosage.T, columns=lines)
    pd.concat([markers, calls], axis=1).to_csv(folder / "markers.csv", index=False)


def opened(path: Path) -> Analysis:
    analysis = Analysis(read_config(path), RunFolder(path.parent / "run"))
    prepare(analysis)
    # the data set of the run folder, as after a restart
    return Analysis(analysis.config, analysis.folder)


CASES = {
    "beside": (BESIDE, "line"),
    "apart": (APART, "line"),
    "within": (WITHIN, "line"),
    "record": (WITHIN, "record"),
}


@pytest.mark.parametrize("case", CASES)
def test_no_number_follows_the_test_rows(tmp_path: Path, case: str) -> None:
    covariates, by = CASES[case]
    one, two = (
        opened(write_case(tmp_path / str(spoilt), covariates, by=by, spoilt=spoilt))
        for spoilt in (False, True)
    )
    for options in MODELS:
        assert fitted_bytes(one, options) == fitted_bytes(two, options)


def test_a_run_says_what_it_adjusted_for(tmp_path: Path) -> None:
    path = write_case(tmp_path / "case", BESIDE)
    analysis = Analysis(read_config(path), RunFolder(tmp_path / "case" / "run"))
    run_stages(analysis)
    folder = analysis.folder
    lines = [verdict["line"] for verdict in json.loads(_text(folder, "verdicts.json"))]
    expected = (
        "Values adjusted for sex, age, cage (random), 2 principal components of the "
        "markers."
    )
    assert lines
    assert all(line.endswith(expected) for line in lines)
    effects = folder.read_table("covariate_effects.csv")
    sexes = effects[effects["covariate"] == "sex"].set_index(["trait", "category"])
    gap = sexes.loc[("weight", "M"), "effect"] - sexes.loc[("weight", "F"), "effect"]
    assert gap == pytest.approx(3, abs=0.6)
    assert set(effects["covariate"]) == {"sex", "age", "cage"}
    described = json.loads(_text(folder, "data.json"))["covariates"]
    assert [one["type"] for one in described] == ["class", "number", "random", "axes"]
    assert described[1]["missing"] == 2
    report = _text(folder, "report.html")
    assert "Values are adjusted for sex, age, cage and 2 principal" in report
    assert "Effects of covariates" in report


def test_observed_values_are_those_of_the_average_row(tmp_path: Path) -> None:
    path = write_case(tmp_path / "case", APART)
    analysis = Analysis(read_config(path), RunFolder(tmp_path / "case" / "run"))
    run_stages(analysis, ("prepare", "evaluate"))
    table = analysis.folder.read_table("predictions.csv")
    own = table[(table["trait"] == "weight") & (table["model"] == "gblup")]
    raw = pd.read_csv(tmp_path / "case" / "phenotypes.csv").set_index("line")
    sexes = pd.read_csv(tmp_path / "case" / "lines.csv").set_index("line")["sex"]
    gap = own["observed"].to_numpy() - raw.loc[own["sample_id"], "weight"].to_numpy()
    male = (sexes.loc[own["sample_id"]] == "M").to_numpy()
    assert gap[male].mean() - gap[~male].mean() == pytest.approx(-3, abs=0.7)


def test_check_lists_columns_and_what_is_worth_a_look(tmp_path: Path) -> None:
    path = write_case(tmp_path / "case", BESIDE)
    text = "\n".join(check_analysis(read_config(path), slowness=1.0).lines())
    assert "covariate sex (class, per line): 60 rows in 2 levels" in text
    assert "covariate age (number, per line): 58 rows" in text
    assert "2 missing" in text
    assert "2 principal components" in text
    assert "covariates: about" in text
    assert "of the tested rows have a level" in text
    fixed = BESIDE.replace("random = ", "classes = [").replace('"cage"', '"cage"]')
    path.write_text(CONFIG.format(by="line", covariates=fixed))
    text = "\n".join(check_analysis(read_config(path), slowness=1.0).lines())
    assert 'covariates.random = "cage"' in text
    path.write_text(CONFIG.format(by="line", covariates='columns = ["hight"]'))
    problems = check_analysis(read_config(path), slowness=1.0).problems
    assert any("'hight', but there is no such column" in one for one in problems)


def test_records_of_a_line_tell_a_covariate_of_records(tmp_path: Path) -> None:
    path = write_case(tmp_path / "case", WITHIN)
    text = "\n".join(check_analysis(read_config(path), slowness=1.0).lines())
    assert "covariate sex (class, per line)" in text
    assert "covariate days (number, per record)" in text
    dataset = opened(path).dataset
    measurements = dataset.phenotypes.measurements
    assert measurements is not None
    assert measurements.covariates is not None
    assert measurements.covariates.column_name.tolist() == ["days"]
    wrong = path.read_text().replace('by = "line"', 'by = "line_environment"')
    path.write_text(wrong)
    problems = check_analysis(read_config(path), slowness=1.0).problems
    assert any('by = "record"' in one for one in problems)


def _text(folder: RunFolder, name: str) -> str:
    return folder.file(name).read_text(encoding="utf-8")
