"""Progress bars, tables and JSON for the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from meristem.runs.destination import Destination
from meristem.runs.progress import Notify, silent

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Return a rich console."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print one line of plain output, unwrapped."""
    sys.stdout.write(text + "\n")


def say_json(content: object) -> None:
    """Print a JSON document for machines."""
    say(json.dumps(content, indent=1, default=str))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Notify]:
    """Give a callback `notify(stage, done, total)` that draws one bar per stage.

    Bars go to standard error, so that standard output stays clean for results.
    """
    if quiet:
        yield silent
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def notify(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield notify


@contextmanager
def destination(
    folder: Path, *, force: bool, quiet: bool = True, threads: int | None = None
) -> Iterator[Destination]:
    """Give where a command writes its run, with bars, and with so many threads."""
    limited: AbstractContextManager[object] = nullcontext()
    if threads is not None:
        from meristem.train.descent import limited_threads

        limited = limited_threads(threads)
    with limited, progress(quiet=quiet) as notify:
        yield Destination(folder, notify, force)
