"""Tables of a benchmark that grow cell by cell, and what is said of their rows.

A cell is written as it is done; the same command goes on where it was stopped. To
have some cells anew, delete their rows.
"""

from __future__ import annotations

import csv
import io
import json
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from meristem._version import __version__
from meristem.errors import ConfigError
from meristem.runs.record import package_versions
from meristem.text.files import write_text

Row = dict[str, str]

Progress = Callable[[int, int], None]
"""Called with (cells done, cells in all)."""

PROGRAM = "python -m benchmarks accuracy"

_PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "torch")


class CellTable:
    """A CSV table whose rows are named by some of their columns.

    Parameters
    ----------
    path
        The file; it is read if it is there.
    columns
        All columns, in order.
    key
        The columns that name a cell; a cell may have several rows.

    Raises
    ------
    ConfigError
        If the file has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str], key: Sequence[str]) -> None:
        self.path, self.columns, self.key = path, tuple(columns), tuple(key)
        self.rows: list[Row] = read_rows(path)
        if self.rows and tuple(self.rows[0]) != self.columns:
            raise ConfigError(
                f"has the columns {','.join(self.rows[0])}",
                where=path,
                remedy="choose another folder with --out, or empty this one",
            )

    def holds(self, cell: Mapping[str, str]) -> bool:
        """Tell whether the cell has rows."""
        return bool(self.of(cell))

    def of(self, cell: Mapping[str, str]) -> list[Row]:
        """Return the rows of a cell; columns that are not of the key are ignored."""
        wanted = [(name, cell[name]) for name in self.key if name in cell]
        return [o for o in self.rows if all(o[name] == text for name, text in wanted)]

    def fill(
        self,
        cells: Sequence[tuple[Any, ...]],
        work: Callable[..., Iterable[Row]],
        progress: Progress | None = None,
    ) -> None:
        """Do the cells that have no rows.

        Parameters
        ----------
        cells
            Values of the columns of the key, in their order.
        work
            Called with the values of a cell; returns what its rows hold beside them.
        progress
            Told after every cell.
        """
        for done, values in enumerate(cells, start=1):
            cell = dict(zip(self.key, map(_word, values), strict=True))
            if not self.holds(cell):
                self.add(cell | row for row in work(*values))
            if progress is not None:
                progress(done, len(cells))

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows and write the whole file."""
        self.rows += rows
        write_rows(self.path, self.columns, self.rows)

    def summarise(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write `summary.csv` beside the table."""
        write_rows(self.path.with_name("summary.csv"), columns, rows)


def open_table(
    out: Path,
    settings: Mapping[str, object],
    columns: Sequence[str],
    key: Sequence[str],
    name: str = "results.csv",
) -> CellTable:
    """Open the folder of a benchmark (see `open_folder`) and its table."""
    open_folder(out, settings)
    return CellTable(out / name, columns, key)


def untold(done: int, total: int) -> None:
    """Tell nobody."""


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file; none where there is no file."""
    if not path.exists():
        return []
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a CSV file, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def command_line() -> str:
    """Return the command of this process, without --quiet; "" if it is no benchmark."""
    program, *words = sys.argv
    if program != PROGRAM:
        return ""
    return " ".join([program, *(w for w in words if w not in ("--quiet", "-q"))])


def open_folder(out: Path, settings: Mapping[str, object]) -> None:
    """Record the settings of a benchmark, or refuse those of another.

    Parameters
    ----------
    settings
        What all cells share; kept in `settings.json`. The command is added to
        `about.json`, which has the versions of the packages.

    Raises
    ------
    ConfigError
        If the folder holds cells of other settings.
    """
    path = out / "settings.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != settings:
        raise ConfigError(
            "the folder holds a benchmark of another seed or other sizes",
            where=out,
            remedy="choose another folder with --out, or empty this one",
        )
    write_text(path, json.dumps(settings, indent=1) + "\n")
    record = out / "about.json"
    command = command_line()
    commands: list[str] = []
    if record.exists():
        commands = json.loads(record.read_text(encoding="utf-8")).get("commands", [])
    if command and command not in commands:
        commands.append(command)
    about = {"commands": commands, "versions": versions()}
    write_text(record, json.dumps(about, indent=1) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on."""
    own = {"meristem": __version__, "python": platform.python_version()}
    return own | package_versions(_PACKAGES)


def refuse_unknown(given: Iterable[str], known: Sequence[str], what: str) -> None:
    """Refuse names that are not known.

    Raises
    ------
    ConfigError
        If there are any.
    """
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"unknown {what}: {', '.join(unknown)}",
            remedy=f"use some of {', '.join(known)}",
        )
