"""Options that several benchmarks have, and how one of them is carried out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import progress, say

Out = Annotated[Path, typer.Option("--out", help="Folder to write.")]
Data = Annotated[Path, typer.Option(help="Folder that holds gp/.")]
Panels = Annotated[list[str] | None, typer.Option(help="Some panels only.")]
Models = Annotated[list[str] | None, typer.Option(help="Some models only.")]
Tests = Annotated[
    list[str] | None, typer.Option(help="within | across subpopulations.")
]
Sizes = Annotated[list[int] | None, typer.Option(help="Training lines; repeatable.")]
H2 = Annotated[float, typer.Option(help="Heritability.")]
Replicates = Annotated[int, typer.Option(min=1, help="Replicates.")]
Jobs = Annotated[int, typer.Option(min=1, help="Processes.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]


def measure(
    work: Callable[..., str], out: Path, files: str, *, quiet: bool, stage: str = ""
) -> None:
    """Do the work and say what it found.

    Parameters
    ----------
    work
        Takes `progress`; returns a table as text.
    out, files
        Folder that it writes and names of the files there; no names: none are said.
    quiet
        Draw no bars.
    stage
        Name of the one bar; "": the work names several itself.
    """
    with progress(quiet=quiet) as notify:
        text = work(progress=partial(notify, stage) if stage else notify)
    say(text)
    if files:
        say(f"results: {out}/{files}")
