"""Run folders of the kinetic commands: what was read, decided and found."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from meristem._version import __version__
from meristem.errors import ConfigError
from meristem.text.files import hash_file, replacing, write_text

CONTRACT_VERSION = 1
_PACKAGES = ("numpy", "pandas", "scipy", "torch", "optuna")


@dataclass
class Run:
    """A run under way: `open` makes its folder, `finish` writes run.json."""

    folder: Path
    title: str
    question: str
    config: dict[str, Any]
    seed: int
    inputs: Sequence[Path] = ()
    started: str = ""
    timings: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> None:
        """Make the folder: after the inputs were checked, so that none is left empty.

        Raises
        ------
        ConfigError
            If it is a file, or cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"the run folder cannot be made ({error.strerror})",
                where=self.folder,
                remedy="choose a folder that you may write to",
            ) from error

    def drop_if_empty(self) -> None:
        """Remove the folder again, if nothing was written."""
        with suppress(OSError):
            self.folder.rmdir()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        begin = time.perf_counter()
        yield
        seconds = round(time.perf_counter() - begin, 3)
        self.timings.append({"stage": name, "seconds": seconds})

    def table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as CSV."""
        with replacing(self.folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)

    def note(self, name: str, content: object) -> None:
        """Write plain values as JSON."""
        write_text(self.folder / f"{name}.json", json.dumps(content, indent=1))

    def finish(self) -> None:
        """Write run.json: configuration, versions, seed, inputs, timings."""
        content = {
            "contract_version": CONTRACT_VERSION,
            "kind": "kinetics",
            "title": self.title,
            "question": self.question,
            "config": self.config,
            "versions": _versions(),
            "seeds": {"seed": self.seed},
            "inputs": [
                {
                    "path": str(path),
                    "sha256": hash_file(path),
                    "bytes": path.stat().st_size,
                }
                for path in self.inputs
            ],
            "timings": self.timings,
            "started": self.started,
            "finished": _now(),
            "command": " ".join(Path(a).name if i == 0 else a for i, a in _argv()),
        }
        self.note("run", content)


def _argv() -> list[tuple[int, str]]:
    return list(enumerate(sys.argv))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    out = {"meristem": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            continue
    return out


def plan_run(
    folder: str | Path,
    *,
    title: str,
    question: str,
    config: dict[str, Any],
    seed: int,
    inputs: Sequence[Path] = (),
) -> Run:
    """Return a run whose folder is not made yet (see `Run.open`)."""
    return Run(Path(folder), title, question, config, seed, tuple(inputs), _now())
