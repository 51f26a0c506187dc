from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meristem.errors import ConfigError
from meristem.runs.lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from meristem.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_the_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = hold(folder)
    with (
        pytest.raises(ConfigError, match=f"process {process.pid} on") as caught,
        locked(folder),
    ):
        pass
    # the remedy works: the lock of a killed process is no lock
    assert f"kill {process.pid}" in caught.value.remedy
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert str(process.pid) in (folder / LOCK).read_text()
    with locked(folder):
        assert str(os.getpid()) in (folder / LOCK).read_text()


def test_the_age_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(tmp_path):
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 7 * 60)
        with pytest.raises(ConfigError, match="for 7 min"), locked(tmp_path):
            pass


def test_a_folder_left_empty_is_removed_with_those_made_for_it(tmp_path: Path) -> None:
    with locked(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "x").write_text("x")
    assert (tmp_path / "a" / "b" / "x").exists()


def test_what_a_killed_process_left_half_written_is_cleared(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ours = tmp_path / f".a.csv.{os.getpid()}.tmp"
    for path in (tmp_path / f".a.csv.{gone.pid}.tmp", ours, tmp_path / ".notes.tmp"):
        path.write_text("x")
    (tmp_path / f".set.{gone.pid}.tmp" / "deep").mkdir(parents=True)
    with locked(tmp_path):
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {LOCK, ours.name, ".notes.tmp"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(ConfigError, match="cannot be made"), locked(tmp_path / "f"):
        pass
