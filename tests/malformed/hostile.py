"""What an input may not do to a command: crash it, stall it, or pass in silence."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from meristem.cli.main import main

Spoil = Callable[[Path], object]
Case = tuple[str, Spoil, str]
"""Command within the folder, what is done to the folder, what must be said."""

SECONDS = 20  # of the processor
PATIENCE = 90  # s by the clock, on a machine that does other work too


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float  # of the processor
    changed: tuple[str, ...]  # files of the folder written, changed or removed


def snapshot(folder: Path) -> dict[str, str]:
    """Return what lies in a folder: digests of files, where links lead."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.name == ".lock":
            continue
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = hashlib.md5(path.read_bytes()).hexdigest()
        else:
            found[name] = "no file"
    return found


class Stalled(BaseException):
    """A command took longer than its user may be kept waiting."""


def _stalled(number: int, frame: FrameType | None) -> None:
    raise Stalled(f"no answer after {PATIENCE} s")


@contextmanager
def within_time() -> Iterator[None]:
    """Raise where a block takes longer than a command may keep its user waiting."""
    former = signal.signal(signal.SIGALRM, _stalled)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def call(command: str, folder: Path) -> Outcome:
    """Run `meristem COMMAND` in a folder, in this process."""
    before, here = snapshot(folder), Path.cwd()
    out, err = io.StringIO(), io.StringIO()
    words = ["meristem", *shlex.split(command)]
    os.chdir(folder)
    code, begin = 0, time.process_time()
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "argv", words),
            within_time(),
        ):
            main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    finally:
        os.chdir(here)
    after = snapshot(folder)
    names = sorted(before.keys() | after.keys())
    changed = tuple(n for n in names if before.get(n) != after.get(n))
    spent = time.process_time() - begin
    return Outcome(code, out.getvalue(), err.getvalue(), spent, changed)


def refused(
    command: str, folder: Path, said: str, may_change: tuple[str, ...] = ()
) -> None:
    """Assert one error with place and remedy, exit code 2 and nothing written."""
    outcome = call(command, folder)
    shown = outcome.err + outcome.out
    assert outcome.code == 2, shown
    assert "Traceback" not in shown
    assert "a fault of Meristem" not in shown
    for part in said.split(" & "):
        assert part in shown
    usage = "Usage:" in outcome.err  # an option that the command line itself refuses
    assert usage or "remedy: " in shown, shown
    assert outcome.err.count("error: ") <= 1
    assert set(outcome.changed) <= set(may_change)
    assert outcome.seconds < SECONDS


def refused_in_copy(case: Case, good: Path, tmp_path: Path) -> None:
    """Assert that a copy of a good folder is refused once it is spoiled."""
    command, spoil, said = case
    folder = tmp_path / "hostile"
    shutil.copytree(good, folder)
    spoil(folder)
    refused(command, folder, said)


def nothing(folder: Path) -> None:
    """Leave the folder as it is."""


def each(*spoils: Spoil) -> Spoil:
    """Do several things to the folder."""
    return lambda folder: [spoil(folder) for spoil in spoils]


def put(name: str, content: bytes | str) -> Spoil:
    """Write a file."""
    raw = content.encode() if isinstance(content, str) else content

    def spoil(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)

    return spoil


def cut(name: str, share: float = 0.5) -> Spoil:
    """Cut a file."""

    def spoil(folder: Path) -> None:
        raw = (folder / name).read_bytes()
        (folder / name).write_bytes(raw[: int(len(raw) * share)])

    return spoil


def change(name: str, old: str, new: str) -> Spoil:
    """Replace a text of a file, wherever it stands."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return spoil


def config(old: str, new: str) -> Spoil:
    """Replace a text of the configuration."""
    return change("meristem.toml", old, new)


def more(text: str) -> Spoil:
    """Add to the configuration."""

    def spoil(folder: Path) -> None:
        with (folder / "meristem.toml").open("a", encoding="utf-8") as handle:
            handle.write("\n" + text)

    return spoil


def header(name: str) -> Spoil:
    """Keep the first line of a file."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.split("\n")[0] + "\n", encoding="utf-8")

    return spoil


def folder_at(name: str) -> Spoil:
    """Put a folder where a file was."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return spoil


def link(name: str, to: str) -> Spoil:
    """Put a symbolic link where a file was."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(to)

    return spoil


def gone(name: str) -> Spoil:
    """Remove a file."""
    return lambda folder: (folder / name).unlink()


def pipe(name: str) -> Spoil:
    """Put a named pipe that nobody writes to where a file was."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return spoil


def record(name: str, edit: Callable[[dict], object]) -> Spoil:
    """Edit a JSON file."""

    def spoil(folder: Path) -> None:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        edit(content)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")

    return spoil


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
