"""The benchmark of planted windows on a small budget."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.accuracy.kinetics import planted_windows


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


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
