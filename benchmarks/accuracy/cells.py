"""Tables of a benchmark that grow cell by cell, and what is said of their rows.

A cell is written as it is done; the same command goes on where it was stopped. To
have some cells anew, delete their rows.
"""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from meristem._version import __version__
from meristem.errors import ConfigError
from meristem.stats.intervals import mean_interval as mean_interval
from meristem.text.files import write_text

Row = dict[str, str]

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

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows and write the whole file."""
        self.rows += rows
        write_rows(self.path, self.columns, self.rows)


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


def open_folder(out: Path, settings: Mapping[str, object], command: str = "") -> None:
    """Record the settings of a benchmark, or refuse those of another.

    Parameters
    ----------
    out
        Folder of the tables.
    settings
        What all cells share; kept in `settings.json`.
    command
        Command line; added to `about.json`, which has the versions of the packages.

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
    commands: list[str] = []
    if record.exists():
        commands = json.loads(record.read_text(encoding="utf-8")).get("commands", [])
    if command and command not in commands:
        commands.append(command)
    about = {"commands": commands, "versions": versions()}
    write_text(record, json.dumps(about, indent=1) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on."""
    found = {"meristem": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


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


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's r; 0 where one side does not vary."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def number(value: float) -> str:
    """Return a figure as it is kept: six digits, empty where unknown."""
    return f"{value:.6g}" if np.isfinite(value) else ""
