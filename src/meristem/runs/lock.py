"""One process at a time in a run folder."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from meristem.errors import ConfigError

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for the time of a block; it is made, and removed if left empty.

    The operating system holds the lock, so that it ends with its process, however
    that ended; the file says who holds it.

    Parameters
    ----------
    folder
        A run folder.

    Raises
    ------
    ConfigError
        If another process holds it, or the folder cannot be made.
    """
    made = _make(folder)
    try:
        with (folder / LOCK).open("a+", encoding="utf-8") as handle:
            _hold(handle, folder)
            _clear(folder)
            yield
            handle.truncate(0)
    finally:
        _remove_if_empty(folder, made)


def _make(folder: Path) -> list[Path]:
    """Make a folder; return those that were not there, the deepest first."""
    absent = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK).touch()
    except OSError as error:
        raise ConfigError(
            f"the run folder cannot be made or written to ({error.strerror})",
            where=folder,
            remedy="choose a folder that you may write to",
        ) from error
    return absent


def _remove_if_empty(folder: Path, made: list[Path]) -> None:
    if not made or {item.name for item in folder.iterdir()} != {LOCK}:
        return
    (folder / LOCK).unlink()
    with suppress(OSError):
        for each in made:
            each.rmdir()


def _hold(handle: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _held(handle, folder) from error
    except OSError:
        return  # a file system without locks
    handle.truncate(0)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    handle.write(json.dumps(owner))
    handle.flush()


def _clear(folder: Path) -> None:
    """Remove what processes that are gone had begun to write."""
    for path in list(folder.rglob(".*.tmp")):
        pid = path.name.split(".")[-2]
        if pid.isdecimal() and not _runs(int(pid)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _held(handle: TextIO, folder: Path) -> ConfigError:
    handle.seek(0)
    try:
        owner: dict[str, Any] = json.loads(handle.read())
        minutes = max(0, time.time() - float(owner["since"])) / 60
        who = f"process {owner['pid']} on {owner['host']} for {minutes:.0f} min"
        end = f"kill {owner['pid']}"
    except (ValueError, KeyError, TypeError):  # it has just begun to write
        who, end = "another process", "end it"
    return ConfigError(
        f"is in use by {who}",
        where=folder,
        remedy=f"wait until it is done, stop it ({end}), or name another folder",
    )
