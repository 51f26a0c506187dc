"""What `run.json` says of a run: inputs, versions, seeds, configuration, timings."""

from __future__ import annotations

import json
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from meristem._version import __version__
from meristem.config.run import RunConfig
from meristem.runs.destination import Destination
from meristem.runs.folder import CONTRACT_VERSION, RunFolder
from meristem.runs.keys import hash_input

_PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "torch",
    "scikit-learn",
    "zarr",
    "cyvcf2",
    "optuna",
)


@dataclass(frozen=True)
class InputFile:
    """One file that a run reads, with its digest."""

    role: str
    path: Path
    sha256: str
    size: int  # bytes
    version: str = ""  # what the file says of itself


def input_file(role: str, path: Path, version: str = "") -> InputFile:
    """Return the entry of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    size = sum(item.stat().st_size for item in files)
    return InputFile(role, path, hash_input(path), size, version)


@dataclass
class Run:
    """A run under way: its folder and what `run.json` says of it.

    Timings and the first start stay over a resume; so does the command, where a later
    one only adds to the folder.
    """

    folder: RunFolder
    title: str
    question: str
    config: dict[str, Any]
    seeds: dict[str, int]
    inputs: Sequence[InputFile] = ()
    kind: str = "analysis"
    command: str = ""
    models: Sequence[dict[str, Any]] = ()
    timings: dict[str, float] = field(default_factory=dict)
    started: str = field(default_factory=lambda: _now())

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Time a stage."""
        begin = time.perf_counter()
        yield
        self.timings[stage] = round(time.perf_counter() - begin, 3)

    def write(self, *, finished: bool) -> None:
        """Write `run.json`."""
        former = self.folder.former_record()
        resumed = bool(former) and former.get("finished") is None
        kept = {
            item.get("stage"): item.get("seconds") for item in former.get("timings", [])
        }
        self.folder.write_record(
            {
                "contract_version": CONTRACT_VERSION,
                "kind": self.kind,
                "title": self.title,
                "question": self.question,
                "config": self.config,
                "models": list(self.models),
                "versions": _library_versions(),
                "seeds": self.seeds,
                "inputs": [_entry(item) for item in self.inputs],
                "timings": [
                    {"stage": stage, "seconds": seconds}
                    for stage, seconds in (kept | self.timings).items()
                ],
                "started": (resumed and former.get("started")) or self.started,
                "finished": _now() if finished else None,
                "command": self.command or former.get("command", ""),
                "artefacts": former.get("artefacts", {}),
                "outputs": former.get("outputs", {}),
            }
        )

    def finish(self, build: Callable[[Path], Path]) -> Path:
        """End the run with the report that `build` makes of its folder; return it."""
        self.folder.announce("report.html")
        self.write(finished=True)
        report = build(self.folder.path)
        self.folder.note("report.html")
        return report

    def table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as CSV."""
        self.folder.write_table(f"{name}.csv", table)

    def note(self, name: str, content: object) -> None:
        """Write plain values as JSON, numbers without a value among them."""
        with self.folder.writing(f"{name}.json") as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def command_line() -> str:
    """Return the command of this process as it can be given again."""
    return shlex.join(["meristem", *sys.argv[1:]])


def plan_run(
    to: Destination,
    *,
    title: str,
    question: str,
    config: dict[str, Any],
    seed: int,
    inputs: Sequence[tuple[str, Path]] = (),
    kind: str = "kinetics",
) -> Run:
    """Return the run of a command; nothing is written yet.

    Parameters
    ----------
    to
        Run folder.
    title, question, config, seed, kind
        For `run.json`.
    inputs
        Role and path of every file that is read.
    """
    files = [input_file(role, path) for role, path in inputs if path.exists()]
    return Run(
        RunFolder(to.folder, to.force),
        title,
        question,
        config,
        {"seed": seed},
        files,
        kind=kind,
        command=command_line(),
    )


class HasRun(Protocol):
    """A configuration with a section `[run]`."""

    @property
    def run(self) -> RunConfig:
        """Title, question and seed."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the whole configuration as plain values."""
        ...


def configured_run(
    config: HasRun,
    to: Destination,
    question: str,
    inputs: Sequence[InputFile],
    kind: str,
) -> Run:
    """Return the run of a configuration; `question` is asked where it has none."""
    return Run(
        RunFolder(to.folder, to.force),
        config.run.title,
        config.run.question or question,
        config.model_dump(mode="json"),
        {"run": config.run.seed},
        inputs,
        kind=kind,
        command=command_line(),
    )


def _entry(item: InputFile) -> dict[str, Any]:
    entry = {
        "role": item.role,
        "path": str(item.path),
        "sha256": item.sha256,
        "bytes": item.size,
    }
    return entry | ({"version": item.version} if item.version else {})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _library_versions() -> dict[str, str]:
    own = {"meristem": __version__, "python": platform.python_version()}
    return {**own, "platform": platform.platform(), **package_versions(_PACKAGES)}


def package_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the version of every package, `absent` where there is none."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
