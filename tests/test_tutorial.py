"""The tutorial is executed: each of its commands runs as it stands on the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [shlex.split(line) for line in lines if line.startswith("meristem ")]


def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    commands = _commands(ROOT / "docs" / "tutorial.md")
    assert len(commands) >= 6
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for command in commands:
        called = [sys.executable, "-m", "meristem", *command[1:]]
        done = subprocess.run(
            called, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    run = tmp_path / "demo" / "run"
    promised = ["run.json", "scores.csv", "verdicts.json", "predictions.csv"]
    promised += ["nodes.csv", "variants.csv", "report.html", "figures"]
    assert [name for name in promised if not (run / name).exists()] == []
    assert (tmp_path / "demo" / "new.csv").read_text().count("\n") > 20
