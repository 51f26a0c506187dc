"""The tutorial is executed: each of its commands runs as it stands on the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [shlex.split(line) for line in lines if line.startswith("meristem ")]


def _call(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "meristem", *command[1:]],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    commands = _commands(ROOT / "docs" / "tutorial.md")
    assert len(commands) >= 6
    for command in commands:
        _call(command, tmp_path)
    run = tmp_path / "demo" / "run"
    promised = ["run.json", "scores.csv", "verdicts.json", "predictions.csv"]
    promised += ["nodes.csv", "variants.csv", "report.html", "figures"]
    assert [name for name in promised if not (run / name).exists()] == []
    assert (tmp_path / "demo" / "new.csv").read_text().count("\n") > 20


@pytest.mark.slow
def test_every_command_of_the_whole_plan_runs(tmp_path: Path) -> None:
    page = ROOT / "docs" / "howto" / "whole_plan.md"
    plan = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    commands = _commands(page)
    assert len(commands) == 8
    for command in commands:
        if "--plan" in command:
            (tmp_path / "plan_demo" / "plan.toml").write_text(plan[0], "utf-8")
        _call(command, tmp_path)
    made = tmp_path / "plan_demo" / "run" / "selection"
    promised = ["candidates", "funnel", "costs", "index", "frontier", "contributions"]
    promised += ["crosses", "crossing_list", "parents", "genes", "edits", "next"]
    promised += ["edits_by_line", "cycles", "cycles_differences"]
    assert [name for name in promised if not (made / f"{name}.csv").exists()] == []
