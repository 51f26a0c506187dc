"""`meristem.cli.bench`: the accuracy figures from one command."""

import csv
from pathlib import Path

import pytest
from tests.cli.conftest import Call

from meristem.bench import shoot_branching


def test_shoot_branching_writes_results_and_latents(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def run(**settings: object) -> str:
        asked.update(settings)
        return "a table"

    monkeypatch.setattr(shoot_branching, "run_shoot_branching", run)
    words = ("bench", "shoot-branching", "--n", "40", "--n", "50", "--h2", "0.3")
    code, text, _ = call(*words, "--out", tmp_path, "--replicates", "2", "--quiet")
    assert code == 0
    assert text.startswith("a table\n")
    assert asked["n"] == (40, 50)
    assert asked["h2"] == (0.3,)
    assert asked["labels"] == (0.0,)
    assert asked["replicates"] == 2


@pytest.mark.slow
def test_a_small_benchmark_runs(call: Call, tmp_path: Path) -> None:
    words = ("bench", "shoot-branching", "--n", "60", "--replicates", "1")
    code, _, err = call(*words, "--out", tmp_path, "--quiet")
    assert code == 0, err
    with (tmp_path / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {"ridge", "dense", "binn"} <= {row["model"] for row in rows}
