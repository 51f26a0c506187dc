from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.cells import (
    PROGRAM,
    CellTable,
    open_folder,
    read_rows,
    refuse_unknown,
)
from benchmarks.accuracy.figures import correlation, mean_interval, number

from meristem.errors import ConfigError


def test_cells_are_kept_and_found(tmp_path):
    path = tmp_path / "results.csv"
    table = CellTable(path, ("n", "model", "r"), ("n", "model"))
    assert not table.holds({"n": "1", "model": "a"})
    table.add([{"n": "1", "model": "a", "r": "0.5"}])
    table.add([{"n": "2", "model": "a", "r": "0.25"}])
    again = CellTable(path, ("n", "model", "r"), ("n", "model"))
    assert again.holds({"n": "2", "model": "a"})
    assert again.of({"n": "1", "model": "a", "r": "of another key"})[0]["r"] == "0.5"
    assert path.read_text() == "n,model,r\n1,a,0.5\n2,a,0.25\n"


def test_a_table_of_other_columns_is_refused(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("n,model\n1,a\n")
    with pytest.raises(ConfigError, match="has the columns n,model"):
        CellTable(path, ("n", "model", "r"), ("n",))


def test_cells_without_rows_are_filled(tmp_path):
    path, told = tmp_path / "results.csv", []
    table = CellTable(path, ("n", "h2", "model", "r"), ("n", "h2"))
    table.add([{"n": "2", "h2": "0.5", "model": "a", "r": "1"}])

    def work(n, h2):
        return [{"model": name, "r": str(n * h2)} for name in "ab"]

    cells = [(2, 0.5), (3, 1.0)]
    table.fill(cells, work, lambda *at: told.append(at))
    assert path.read_text() == "n,h2,model,r\n2,0.5,a,1\n3,1,a,3.0\n3,1,b,3.0\n"
    assert told == [(1, 2), (2, 2)]


def test_settings_are_compared_and_versions_kept(tmp_path, monkeypatch):
    open_folder(tmp_path, {"seed": 1})
    for words in (["a"], ["a", "--quiet"], ["b"]):
        monkeypatch.setattr(sys, "argv", [PROGRAM, *words])
        open_folder(tmp_path, {"seed": 1})
    about = json.loads((tmp_path / "about.json").read_text())
    assert about["commands"] == [f"{PROGRAM} a", f"{PROGRAM} b"]
    assert about["versions"]["numpy"] == np.__version__
    with pytest.raises(ConfigError, match="another seed"):
        open_folder(tmp_path, {"seed": 2})


def test_figures():
    mean, low, high = mean_interval([1.0, 2.0, 4.0])
    t = 4.302653  # 97.5 % of two degrees of freedom
    half = t * np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    wanted = [7 / 3, 7 / 3 - half, 7 / 3 + half]
    np.testing.assert_allclose([mean, low, high], wanted, rtol=1e-5)
    assert mean_interval([3.0])[0] == 3.0
    assert np.isnan(mean_interval([3.0])[1])
    assert np.isnan(mean_interval([])[0])
    assert correlation(np.ones(3), np.arange(3.0)) == 0.0
    assert correlation(np.arange(3.0), -np.arange(3.0)) == pytest.approx(-1)
    assert (number(float("nan")), number(0.1234567)) == ("", "0.123457")
    assert read_rows(Path("no such file")) == []


def test_unknown_names_are_refused():
    refuse_unknown(["a"], ["a", "b"], "models")
    with pytest.raises(ConfigError, match="unknown models: z"):
        refuse_unknown(["z", "a"], ["a", "b"], "models")
