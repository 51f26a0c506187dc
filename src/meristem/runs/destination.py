"""Where a command writes its run; one process at a time in there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import ParamSpec, TypeVar

from meristem.runs.lock import locked
from meristem.runs.progress import Notify, silent

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Destination:
    """A run folder, and whom its command tells how far it is."""

    folder: Path
    notify: Notify = silent  # called as `notify(stage, done, total)`
    force: bool = False  # replace files there that Meristem did not write


def in_locked_folder(call: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function hold the folder of its argument `to`, a `Destination`.

    Such a function carries out one command: it writes a run folder, returns the report,
    and raises a `MeristemError` if an input or an option cannot be used.
    """
    expected = signature(call)

    @wraps(call)
    def held(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with locked(expected.bind(*args, **kwargs).arguments["to"].folder):
            return call(*args, **kwargs)

    return held
