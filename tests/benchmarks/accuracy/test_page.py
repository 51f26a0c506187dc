"""`benchmarks.accuracy.page` and `benchmarks.accuracy.targets`, from made-up tables."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from benchmarks.accuracy import controls, recovery
from benchmarks.accuracy.branching import node_order, shoot_branching
from benchmarks.accuracy.cells import PROGRAM, open_folder, write_rows
from benchmarks.accuracy.page import accuracy_page, markdown_table
from benchmarks.accuracy.real import null, panels, sparse
from benchmarks.accuracy.targets import judge_targets

from meristem.errors import DataError

TABLES = Path(__file__).resolve().parents[3] / "benchmarks" / "tables"
PAGE = TABLES.parents[1] / "docs" / "benchmarks" / "index.md"


def shoot(folder, binn, with_metabolites):
    rows = []
    for replicate in ("1", "2"):
        for h2, other in (("1", 0.1), ("0.3", 0.5)):
            errors = {"ridge": other, "dense": other, "binn": binn * other}
            for labels in ("0", "1"):
                if labels == "1":
                    errors["binn+metabolites"] = with_metabolites * other
                rows += [
                    {
                        "replicate": replicate,
                        "n": "100",
                        "h2": h2,
                        "labels": labels,
                        "model": model,
                        "relative_mse": f"{error:.4g}",
                        "r": "0.9",
                    }
                    for model, error in errors.items()
                ]
    write_rows(folder / "results.csv", shoot_branching.RESULT_COLUMNS, rows)


def blank(columns, **values):
    return dict.fromkeys(columns, "") | values


def test_targets_of_shoot_branching(tmp_path):
    shoot(tmp_path / "shoot_branching", 0.1, 0.2)
    found = {(v.what, v.target): v for v in judge_targets(tmp_path)}
    reached = {what: v.reached for (what, _), v in found.items()}
    start = "shoot branching, H2 = 1"
    assert reached == {
        f"{start}, without metabolites: error below the dense net's": True,
        f"{start}, with metabolites: error below the dense net's": False,
        "H2 = 0.3, without metabolites: error above ridge's": True,
        "H2 = 0.3, n = 100, noise-free metabolites: error below ridge's": True,
    }
    texts = [v.found for v in found.values()]
    assert texts == ["90% (n 100)", "80% (n 100)", "-90% (n 100)", "80%"]


def panel_tables(folder):
    columns = panels.RESULT_COLUMNS
    rows = [
        blank(
            columns,
            panel="yeast",
            trait="all",
            environment="all",
            model="gblup",
            deployable="yes",
            replicates="5",
            folds="100",
            mean="0.5",
            low="0.4",
            high="0.6",
            best_linear="yes",
            **{"auto_minus": "-0.02", "minus_low": "-0.1", "minus_high": "0.06"},
        )
    ]
    write_rows(folder / "results.csv", columns, rows)
    columns = panels.SUMMARY_COLUMNS
    gain = {"low": "0.01", "high": "0.09"}
    rows = [
        blank(columns, panel="mdp", against="gblup", difference="0.06", **gain),
        blank(columns, panel="yeast", against="gblup", difference="-0.01", **gain),
    ]
    write_rows(folder / "summary.csv", columns, rows)


def test_page_of_all_tables(tmp_path, monkeypatch):
    shoot(tmp_path / "shoot_branching", 0.1, 0.05)
    columns = shoot_branching.LATENT_COLUMNS
    key = {"replicate": "1", "n": "500", "h2": "1", "labels": "0", "model": "binn"}
    nodes = [
        blank(columns, **key, node=node, r="0.9")
        for node in ("A", "S", "I", "CK", "SL")
    ]
    write_rows(tmp_path / "shoot_branching" / "latents.csv", columns, nodes)
    order = [
        {
            "replicate": "1",
            "n": "500",
            "h2": "1",
            "among": "inputs",
            "node": node,
            "clamping": value,
            "clamping_rank": "1",
            "sobol": value,
            "sobol_rank": "1",
        }
        for node, value in (("A", "0.1"), ("S", "0.5"))
    ]
    path = tmp_path / "node_order" / "sensitivity.csv"
    write_rows(path, node_order.COLUMNS, order)
    key = {"n": "450", "test": "within", "measured": "1", "trait": "pathways"}
    key |= {"deployable": "yes", "replicates": "3", "low": "0.1", "high": "0.5"}
    minus = {"binn_minus": "0.1", "minus_low": "-0.1", "minus_high": "0.3"}
    columns = recovery.SUMMARY_COLUMNS
    rows = [
        blank(columns, **key, model="gblup", mean="0.3", best_rival="yes", **minus),
        blank(columns, **key, model="binn", mean="0.4"),
        blank(columns, **key, model="binn-no-omics", mean="0.31", **minus),
    ]
    write_rows(tmp_path / "recovery" / "summary.csv", columns, rows)
    monkeypatch.setattr(sys, "argv", [PROGRAM, "recovery"])
    open_folder(tmp_path / "recovery", {"seed": 1})
    columns = recovery_columns = (*recovery.KEY, *recovery.CAUSAL_COLUMNS)
    causal = [
        blank(
            columns,
            replicate="1",
            n="450",
            test="within",
            measured="1",
            method=method,
            level="pathways",
            named="3",
            recall=recall,
            false_share="0",
        )
        for method, recall in (("binn", "0.6"), ("gwas", "0.2"), ("twas", "0.4"))
    ]
    write_rows(tmp_path / "recovery" / "causal.csv", columns, causal)
    columns = controls.SUMMARY_COLUMNS
    rows = [
        blank(
            columns,
            benchmark="shoot-branching",
            n="200",
            model=model,
            figure="relative_mse",
            replicates="3",
            mean=mean,
        )
        for model, mean in (("dense", "0.1"), ("binn-30%-wrong", "0.2"))
    ]
    write_rows(tmp_path / "controls" / "summary.csv", columns, rows)
    panel_tables(tmp_path / "panels")
    text = accuracy_page(tmp_path)
    assert "## Targets: 10 of 15 reached" in text
    assert "accuracy recovery" in text
    assert "| 450 | gblup (best rival) | 3 | 0.300 [0.100, 0.500] |" in text
    assert "+0.100 [-0.100, +0.300]" in text
    reached = {v.what: v.reached for v in judge_targets(tmp_path)}
    assert reached["recovery, n = 450: recall of causal pathways at 10 % FDR"]
    assert not reached["recovery, n = 450: r"]
    assert not reached["2 public panels, auto minus gblup: mean"]
    assert not reached["2 public panels, auto minus gblup: worst panel"]
    assert not reached["shoot branching, H2 = 1, 30 % wrong edges: relative error"]
    for row in causal:
        row["false_share"] = "0.2"
    write_rows(tmp_path / "recovery" / "causal.csv", recovery_columns, causal)
    reached = {v.what: v.reached for v in judge_targets(tmp_path)}
    # more found than asked for, at a rate that is not held
    assert not reached["recovery, n = 450: recall of causal pathways at 10 % FDR"]
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == 9


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no table"):
        accuracy_page(tmp_path)
    assert markdown_table(["a"], []) == "| a |\n|---|"


@pytest.mark.skipif(not TABLES.exists(), reason="no tables are committed")
def test_the_documentation_shows_the_committed_tables():
    assert PAGE.read_text(encoding="utf-8") == accuracy_page(TABLES)


def read(name: str, file: str) -> list[dict[str, str]]:
    with (TABLES / name / file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.skipif(not TABLES.exists(), reason="no tables are committed")
@pytest.mark.parametrize(
    ("name", "file", "summarise"),
    [
        ("controls", "results.csv", controls.summarise),
        ("recovery", "results.csv", recovery.summarise),
        ("discoveries", "results.csv", recovery.summarise),
        ("panels", "folds.csv", panels.summary_rows),
        ("null", "folds.csv", null.summary_rows),
        ("sparse", "results.csv", sparse.summary_rows),
    ],
)
def test_committed_summaries_are_those_of_all_committed_rows(name, file, summarise):
    """A run that was stopped adds rows, and targets are judged by the summary."""
    known = read(name, "summary.csv")
    found = summarise(read(name, file))
    made = [{column: row.get(column, "") for column in known[0]} for row in found]
    assert made == known


def test_a_note_of_a_table_stands_on_the_page(tmp_path, monkeypatch):
    shoot(tmp_path / "shoot_branching", 0.1, 0.2)
    about = tmp_path / "shoot_branching" / "about.json"
    monkeypatch.setattr(sys, "argv", [PROGRAM, "shoot-branching"])
    open_folder(about.parent, {})
    known = json.loads(about.read_text())
    about.write_text(json.dumps(known | {"note": "Half of it is older."}))
    assert "\n\nHalf of it is older.\n\n" in accuracy_page(tmp_path)
