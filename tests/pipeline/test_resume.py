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


@pytest.mark.slow
def test_twenty_kills_change_no_number(tmp_path: Path) -> None:
    config = _prepare(tmp_path / "demo")
    begin = time.monotonic()
    whole = _start(config, tmp_path / "whole")
    assert whole.wait() == 0, whole.stderr.read() if whole.stderr else ""
    duration = time.monotonic() - begin
    rng = np.random.default_rng(20)
    kills = 0
    while kills < 20:
        process = _start(config, tmp_path / "killed")
        try:
            process.wait(timeout=float(rng.uniform(0.05, 0.6)) * duration)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    process = _start(config, tmp_path / "killed")
    assert process.wait() == 0
    for table in TABLES:
        expected = (tmp_path / "whole" / table).read_bytes()
        assert (tmp_path / "killed" / table).read_bytes() == expected, table
    assert not list((tmp_path / "killed").rglob("*.tmp"))
