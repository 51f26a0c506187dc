"""`benchmarks.accuracy.decisions`: parts are resumed, and summed up."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy import decisions
from benchmarks.accuracy.cells import read_rows


def test_a_stopped_part_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        decisions, "PARTS", {"promises": (decisions.promises, 3)}, raising=True
    )
    first = decisions.run_decisions(tmp_path, 5)
    assert set(first["what"]) == {"joint", "independent"}
    assert set(first["count"]) == {3}
    before = read_rows(tmp_path / "results.csv")

    def other(rng: np.random.Generator) -> decisions.Rows:
        yield "number", float(rng.integers(9))

    more = {"promises": (decisions.promises, 3), "edits": (other, 2)}
    monkeypatch.setattr(decisions, "PARTS", more)
    second = decisions.run_decisions(tmp_path, 5)
    assert read_rows(tmp_path / "results.csv")[: len(before)] == before
    assert second["count"].tolist() == [3, 3, 2]
