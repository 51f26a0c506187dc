"""Commands that are killed at random moments, and called again, end the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.malformed.commands.test_kinetics import make_good as make_rates
from tests.malformed.commands.test_represent import make_omics
from tests.malformed.commands.test_select import make_run
from tests.malformed.commands.test_sequence import make_sequences

Make = Callable[[Path], object]

SEARCH = "\n[search]\ngenerations = 2\nsize = 2\nrungs = [1, 2]\n"


def _rates(folder: Path) -> None:
    folder.mkdir(parents=True)
    make_rates(folder)


def _searched(folder: Path) -> None:
    make_sequences(folder)
    with (folder / "a.toml").open("a", encoding="utf-8") as handle:
        handle.write(SEARCH)


CASES: dict[str, tuple[Make, str, str, int]] = {
    "kinetics search": (_rates, "kinetics search fit.toml --out out", "out", 3),
    "sequence train": (make_sequences, "sequence train a.toml --out out", "out", 2),
    "sequence search": (_searched, "sequence search a.toml --out out", "out", 3),
    "represent": (make_omics, "represent a.toml", "out", 1),
    "select": (make_run, "select run", "run/selection", 1),
}
"""What is made, the command, the folder of its results, and kills that find work."""


def start(command: str, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "meristem", *command.split()],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen) -> None:
    assert process.wait() == 0, process.stderr.read() if process.stderr else ""


def results(folder: Path) -> dict[str, bytes]:
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.csv"))
    }
    assert found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_kills_change_no_number(name: str, tmp_path: Path) -> None:
    make, command, out, wanted = CASES[name]
    make(tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "fresh")
    begin = time.monotonic()
    finished(start(command, tmp_path / "whole"))
    duration = time.monotonic() - begin
    rng = np.random.default_rng(7)
    killed, kills, before = (
        tmp_path / "killed",
        0,
        len(list(tmp_path.glob("fresh/**/*"))),
    )
    shutil.copytree(tmp_path / "fresh", killed)
    for _ in range(40):
        if kills == wanted:
            break
        process = start(command, killed)
        try:
            process.wait(timeout=float(rng.uniform(0.5, 1.0)) * duration)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += len(list(killed.rglob("*"))) > before + 1  # more than its lock
            continue
        assert process.returncode == 0
        shutil.rmtree(killed)  # done before it was killed: from the beginning
        shutil.copytree(tmp_path / "fresh", killed)
    assert kills == wanted
    finished(start(command, killed))
    assert results(killed / out) == results(tmp_path / "whole" / out)
    assert not list(killed.rglob("*.tmp"))
