"""A run killed at random moments ends with the numbers of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

KILLS = 20
"""Kills that found results on disk."""

TABLES = (
    "scores.csv",
    "predictions.csv",
    "nodes.csv",
    "variants.csv",
    "candidates.csv",
)


def _prepare(folder: Path) -> Path:
    called = [sys.executable, "-m", "meristem", "simulate", "shoot-branching"]
    called += ["--out", str(folder), "--n", "60", "--candidates", "8", "--seed", "4"]
    subprocess.run(called, check=True, capture_output=True)
    config = folder / "meristem.toml"
    text = config.read_text(encoding="utf-8")
    text = text.replace("seeds = ", "epochs = 40\nseeds = ")
    config.write_text(_without_repeats(text), encoding="utf-8")
    return config


def _without_repeats(text: str) -> str:
    """Drop an `epochs` line that follows another within one table."""
    kept: list[str] = []
    seen = False
    for line in text.splitlines():
        if line.startswith("["):
            seen = False
        if line.startswith("epochs"):
            if seen:
                continue
            seen = True
        kept.append(line)
    return "\n".join(kept) + "\n"


def _start(config: Path, out: Path) -> subprocess.Popen:
    called = [sys.executable, "-m", "meristem", "run", str(config)]
    called += ["--out", str(out), "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        called, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def _lose_work(run: Path, rng: np.random.Generator) -> None:
    """Take stamps and half of the results from a finished run."""
    for stamp in (run / "work").glob("*.stamp"):
        stamp.unlink()
    for result in sorted((run / "work").glob("*/*.task")):
        if rng.random() < 0.5:
            result.unlink()


@pytest.mark.slow
def test_twenty_kills_change_no_number(tmp_path: Path) -> None:
    config = _prepare(tmp_path / "demo")
    begin = time.monotonic()
    whole = _start(config, tmp_path / "whole")
    assert whole.wait() == 0, whole.stderr.read() if whole.stderr else ""
    duration = time.monotonic() - begin
    rng = np.random.default_rng(20)
    killed = tmp_path / "killed"
    with_work = 0
    while with_work < KILLS:
        process = _start(config, killed)
        try:
            process.wait(timeout=float(rng.uniform(0.3, 0.9)) * duration)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            with_work += bool(list((killed / "work").glob("*/*.task")))
            continue
        # done before it was killed: part of its work is lost, and it goes on
        assert process.returncode == 0
        _lose_work(killed, rng)
    assert with_work == KILLS
    process = _start(config, killed)
    assert process.wait() == 0, process.stderr.read() if process.stderr else ""
    for table in TABLES:
        expected = (tmp_path / "whole" / table).read_bytes()
        assert (tmp_path / "killed" / table).read_bytes() == expected, table
    assert not list((tmp_path / "killed").rglob("*.tmp"))
