"""The benchmark across guides: cells once, settings kept, means shown."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.kinetics import cross_guide

from meristem.errors import ConfigError
from meristem.kinetics.network.kinn import Measurements
from meristem.kinetics.search.space import find_space

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
    cross_guide.run_nested(tmp_path, tmp_path / "a", seeds=(3,))
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


def test_rows_that_stop_do_not_train() -> None:
    space = find_space("finkelstein")
    rng = np.random.default_rng(0)
    sizes = (90, 40)
    parts = [
        Measurements(
            (rng.random((n, 25, 9)) < 0.02).astype(np.uint8),
            rng.normal(-3.0, 1.0, n),
            np.zeros(n, dtype=bool),
            np.arange(n),
            "edits",
        )
        for n in sizes
    ]
    architecture = space.smooth(3)
    options = replace(cross_guide.QUICK, epochs=1, binding=0.0)
    weights = []
    for shift in (0.0, 2.0):
        other = replace(parts[1], y=parts[1].y + shift)
        stopped = cross_guide._Stopped.of(
            space.scheme, parts[0], other, np.random.default_rng(1)
        )
        assert len(set(stopped.both.group)) == sum(sizes)
        weights.append(stopped.fit([architecture], options)[0].weights)
    assert np.array_equal(weights[0], weights[1])
    assert np.abs(weights[0]).max() > 0
