"""`python -m benchmarks accuracy representation`: targets of represented omics."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy.options import Out, Quiet, measure


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
    out: Out,
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
    quiet: Quiet = False,
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
    models, sizes = tuple(omics or panel.MODELS), tuple(n or (300, 450))
    if job is Job.panel:
        refuse_unknown([network], tuple(panel.NETWORKS), "network")
        refuse_unknown(models, tuple(panel.MODELS), "omics")
    jobs: dict[Job, partial[str]] = {
        Job.medium: partial(medium.run_medium, folder),
        Job.imputation: partial(imputation.run_imputation, folder),
        Job.neighbours: partial(neighbours.run_neighbours, folder),
        Job.sets: partial(planted.run_sets),
        Job.shift: partial(planted.run_shift),
        Job.panel: partial(panel.run_panel, n=sizes, models=models, label=network),
    }
    work = partial(jobs[job], out, seeds=drawn)
    measure(work, out, "results.csv", quiet=quiet, stage=job.value)
