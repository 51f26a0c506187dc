"""The benchmark across guides: cells once, settings kept, means shown."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from meristem.bench import cross_guide
from meristem.errors import ConfigError

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
