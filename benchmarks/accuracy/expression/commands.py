"""`python -m benchmarks accuracy expression`: targets of personal expression."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy.options import Out, Quiet, measure
from meristem.cli.console import say


class Job(StrEnum):
    """What is measured."""

    yeast = "yeast"
    new_genes = "new-genes"
    heads = "heads"
    planted = "planted"
    simulated = "simulated"
    three_questions = "three-questions"
    into_prediction = "into-prediction"


def bench_expression(
    job: Annotated[Job, typer.Argument(help="What is measured.")],
    out: Out,
    data: Annotated[
        Path | None, typer.Option(help="Folder that holds gp/ and sequence/.")
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="strong | all (yeast); repeatable.")
    ] = None,
    medium: Annotated[
        list[str] | None, typer.Option(help="glucose | ethanol (yeast); repeatable.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Models (yeast); repeatable.")
    ] = None,
    repeats: Annotated[
        int, typer.Option(min=1, help="Repeats (yeast), panels (simulations).")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="First seed.")] = 7000,
    quiet: Quiet = False,
) -> None:
    """Expression of lines from their genomes, against rivals and permuted lines."""
    from benchmarks.accuracy.expression.heads import run_heads
    from benchmarks.accuracy.expression.into_prediction import run_into_prediction
    from benchmarks.accuracy.expression.new_genes import run_new_genes
    from benchmarks.accuracy.expression.planted import run_planted
    from benchmarks.accuracy.expression.simulated import (
        THREE_QUESTIONS,
        run_simulated,
    )
    from benchmarks.accuracy.expression.yeast import run_yeast
    from meristem.errors import ConfigError

    seeds = range(seed, seed + repeats)
    if job is Job.simulated:
        say(run_simulated(out, seeds=seeds))
        return
    if job is Job.three_questions:
        say(run_simulated(out, seeds=seeds, job=job.value, config=THREE_QUESTIONS))
        return
    if data is None and job not in (Job.planted, Job.into_prediction):
        raise ConfigError(f"the job {job.value!r} needs --data", remedy="give it")
    folder = data or Path()
    jobs: dict[Job, partial[str]] = {
        Job.planted: partial(run_planted, out),
        Job.into_prediction: partial(run_into_prediction, out, panels=repeats),
        Job.new_genes: partial(run_new_genes, out, folder),
        Job.heads: partial(run_heads, out, folder, repeats=repeats),
        Job.yeast: partial(
            run_yeast,
            out,
            folder,
            sets=tuple(part or ("strong", "all")),
            media=tuple(medium or ("glucose",)),
            models=tuple(model or ()),
            repeats=repeats,
        ),
    }
    work = partial(jobs[job], seed=seed)
    measure(work, out, "", quiet=quiet, stage=job.value)
