"""`python -m benchmarks accuracy kinetics`: jobs, and what each of them needs."""

from pathlib import Path

import pytest
from benchmarks.accuracy.kinetics import cross_guide
from tests.calls import Call


@pytest.mark.parametrize("job", ["nested", "zero-shot"])
def test_what_a_job_needs_is_said(job: str, call: Call, tmp_path: Path) -> None:
    code, _, err = call("accuracy", "kinetics", job, "--out", tmp_path)
    assert code == 2
    assert "--data" in err


def test_seeds_are_handed_on(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def run(data: Path, out: Path, **settings: object) -> str:
        asked.update(settings, data=data)
        return "a table"

    monkeypatch.setattr(cross_guide, "run_nested", run)
    words = ("accuracy", "kinetics", "nested", "--data", tmp_path, "--out", tmp_path)
    code, text, _ = call(*words, "--seeds", "2", "--seed", "7", "--quiet")
    assert code == 0
    assert text.startswith("a table\n")
    assert list(asked["seeds"]) == [7, 8]
    assert asked["data"] == tmp_path
