"""Benchmarks of the kinetic networks: cells once, tables true, errors clear."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from meristem.bench import cross_guide, planted_windows, unseen_sites
from meristem.errors import ConfigError
from meristem.kinetics.off_target import Sites

ROWS = [
    {"model": "single", "r": "0.8", "low": "0.7", "high": "0.9"},
    {"model": "ridge", "r": "0.6", "low": "0.5", "high": "0.7"},
]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Cells that take no time, and a list of those that were run."""
    done: list[tuple[int, int]] = []

    def cell(tables, guide, seed, *rest):
        done.append((guide, seed))
        return ROWS

    monkeypatch.setattr(cross_guide, "_nested_cell", cell)
    monkeypatch.setattr(cross_guide, "read_rates", lambda path: {})
    return done


def test_nested_cells_run_once(tmp_path: Path, cells: list) -> None:
    cross_guide.run_nested(tmp_path, tmp_path / "a", seeds=(3,), command="this")
    text = cross_guide.run_nested(tmp_path, tmp_path / "a", seeds=(3, 4))
    assert cells == [(1, 3), (2, 3), (1, 4), (2, 4)]
    table = read(tmp_path / "a" / "results.csv")
    assert [row["seed"] for row in table] == ["3"] * 4 + ["4"] * 4
    assert "single" in text
    assert "0.8000" in text


def test_other_settings_need_another_folder(tmp_path: Path, cells: list) -> None:
    cross_guide.run_nested(tmp_path, tmp_path, seeds=(3,))
    with pytest.raises(ConfigError, match="other"):
        cross_guide.run_nested(tmp_path, tmp_path, seeds=(3,), members=2)


def test_planted_figures_of_a_small_budget(tmp_path: Path) -> None:
    planted_windows.run_planted(
        tmp_path, seeds=(5,), methods=("random",), generations=2, size=3, rows=150
    )
    truth, found = read(tmp_path / "results.csv")
    assert (truth["method"], found["method"]) == ("true windows", "random")
    assert 0 <= int(found["covered"]) <= 7
    assert truth["covered"] == ""
    assert float(truth["ridge"]) == float(found["ridge"])
    assert float(found["width"]) > 0
    assert not list(tmp_path.glob("search_*"))


def sites(n: int) -> Sites:
    guide = np.array(["ACGTACGTACGTACGTACGTNGG"] * n)
    return Sites(guide, guide.copy(), np.arange(n) % 2, np.full(n, ""))


def test_parts_name_rows_and_what_they_are_compared_with() -> None:
    n = 40
    label = np.arange(n) % 2
    scores = {
        "kinetic": label.astype(float),
        "cnn": np.sin(np.arange(n) * 1.0),
        "edits": np.cos(np.arange(n) * 1.0),
    }
    near = np.arange(n) < 30
    rows = unseen_sites._parts(
        "site_seq", sites(n), scores, near, np.random.default_rng(0), 10
    )
    parts = {row["rows"] for row in rows}
    assert parts == {"all", "no bulge, <= 6 mismatches"}  # no bulge at all: not twice
    best = [r for r in rows if r["score"] == "kinetic" and r["metric"] == "AUROC"]
    assert {row["value"] for row in best} == {"1"}
    assert {row["against"] for row in best} == {"edits", "cnn"}
    assert {row["n"] for row in rows} == {"40", "30"}
