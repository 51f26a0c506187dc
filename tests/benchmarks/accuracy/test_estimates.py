"""The committed table of estimates, and what is estimated today. Nothing is timed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from benchmarks.accuracy.estimates import CASES, estimated

TABLE = Path(__file__).parents[3] / "benchmarks" / "tables" / "estimates"
DEMO = "demo, as simulated"


def rows(name: str) -> dict[str, dict[str, str]]:
    with (TABLE / name).open() as handle:
        return {row["case"]: row for row in csv.DictReader(handle)}


def test_every_case_stands_in_the_table_within_its_bounds() -> None:
    found = rows("results.csv")
    assert set(found) == set(rows("measured.csv")) == set(CASES)
    assert len(found) >= 12
    for row in found.values():
        assert 1 / 2 <= float(row["time_ratio"]) <= 2, row
        assert 1 / 1.5 <= float(row["memory_ratio"]) <= 1.5, row


def test_the_demo_is_estimated_near_what_it_took(tmp_path: Path) -> None:
    path = CASES[DEMO].write(tmp_path / "demo")
    row = estimated(path, rows("measured.csv")[DEMO])
    assert 1 / 2 <= float(row["time_ratio"]) <= 2
    assert 1 / 1.5 <= float(row["memory_ratio"]) <= 1.5
    with pytest.raises(KeyError):
        estimated(path, {"case": DEMO})
