"""`benchmarks.accuracy.commands`: the accuracy figures from one command."""

import csv
from pathlib import Path

import pytest
from benchmarks.accuracy.branching import shoot_branching
from tests.calls import Call


def test_shoot_branching_writes_results_and_latents(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def run(**settings: object) -> str:
        asked.update(settings)
        return "a table"

    monkeypatch.setattr(shoot_branching, "run_shoot_branching", run)
    words = ("accuracy", "shoot-branching", "--n", "40", "--n", "50", "--h2", "0.3")
    code, text, _ = call(*words, "--out", tmp_path, "--replicates", "2", "--quiet")
    assert code == 0
    assert text.startswith("a table\n")
    assert asked["n"] == (40, 50)
    assert asked["h2"] == (0.3,)
    assert asked["labels"] == (0.0,)
    assert asked["replicates"] == 2


@pytest.mark.slow
def test_a_small_benchmark_runs(call: Call, tmp_path: Path) -> None:
    words = ("accuracy", "shoot-branching", "--n", "60", "--replicates", "1")
    code, _, err = call(*words, "--out", tmp_path, "--quiet")
    assert code == 0, err
    with (tmp_path / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {"ridge", "dense", "binn"} <= {row["model"] for row in rows}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("recovery", "--model", "wizard"), "unknown models: wizard"),
        (("recovery", "--test", "beyond"), "unknown tests: beyond"),
        (("recovery", "--n", "3"), "n is 3"),
        (("controls", "--benchmark", "x"), "unknown benchmarks: x"),
        (("node-order", "--n", "3"), "n is 3"),
        (("panels", "--data", "nowhere"), "is no folder"),
        (("panels", "--data", ".", "--panel", "rice"), "unknown panels: rice"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_wrong_options_are_one_clear_error(
    call: Call, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    code, _, err = call("accuracy", *words, "--out", tmp_path / "out", "--quiet")
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
