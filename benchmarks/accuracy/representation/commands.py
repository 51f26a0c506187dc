"""`python -m benchmarks accuracy representation`: targets of represented omics."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from meristem.cli.console import progress, say


class Job(StrEnum):
    """What is measured."""

    medium = "medium"
    imputation = "imputation"
    sets = "sets"
    shift = "shift"
    panel = "panel"
    neighbours = "neighbours"


def bench_representation(
    job: Annotated[Job, typer.Argument(help="What is measured.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder that holds gp/ and prior_knowledge/.")
    ] = None,
    n: Annotated[
        list[int] | None, typer.Option(help="Training lines (panel); repeatable.")
    ] = None,
    omics: Annotated[
        list[str] | None, typer.Option(help="Ways of the omics (panel); repeatable.")
    ] = None,
    network: Annotated[
        str, typer.Option(help="Of the panel: binn, or alone (no mixture).")
    ] = "binn",
    seeds: Annotated[int, typer.Option(min=1, help="Replicates.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="First seed.")] = 5000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No bars.")] = False,
) -> None:
    """Confounders, gaps, sets, batches, networks of genes: each against its rivals."""
    from benchmarks.accuracy.cells import refuse_unknown
    from benchmarks.accuracy.representation import (
        imputation,
        medium,
        neighbours,
        panel,
        planted,
    )
    from meristem.errors import ConfigError

    needs_data = job in (Job.medium, Job.imputation, Job.neighbours)
    if needs_data and data is None:
        raise ConfigError(f"the job {job.value!r} needs --data", remedy="give it")
    folder, drawn = data or Path(), range(seed, seed + seeds)
    words = [w for w in sys.argv[1:] if w not in ("--quiet", "-q")]
    command = " ".join(["python -m benchmarks accuracy", *words])
    with progress(quiet=quiet) as notify:

        def told(done: int, total: int) -> None:
            notify(job.value, done, total)

        how: dict[str, Any] = {"seeds": drawn, "command": command, "progress": told}
        if job is Job.medium:
            text = medium.run_medium(folder, out, **how)
        elif job is Job.imputation:
            text = imputation.run_imputation(folder, out, **how)
        elif job is Job.neighbours:
            text = neighbours.run_neighbours(folder, out, **how)
        elif job is Job.sets:
            text = planted.run_sets(out, **how)
        elif job is Job.shift:
            text = planted.run_shift(out, **how)
        else:
            models = tuple(omics or panel.MODELS)
            sizes = tuple(n or (300, 450))
            refuse_unknown([network], tuple(panel.NETWORKS), "network")
            refuse_unknown(models, tuple(panel.MODELS), "omics")
            text = panel.run_panel(out, n=sizes, models=models, label=network, **how)
    say(text)
    say(f"results: {out / 'results.csv'}")
