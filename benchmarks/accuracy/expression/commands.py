"""`python -m benchmarks accuracy expression`: targets of personal expression."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import progress, say


class Job(StrEnum):
    """What is measured."""

    yeast = "yeast"
    new_genes = "new-genes"
    heads = "heads"
    planted = "planted"
    simulated = "simulated"
    into_prediction = "into-prediction"


def bench_expression(
    job: Annotated[Job, typer.Argument(help="What is measured.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No bars.")] = False,
) -> None:
    """Expression of lines from their genomes, against rivals and permuted lines."""
    from benchmarks.accuracy.expression.heads import run_heads
    from benchmarks.accuracy.expression.into_prediction import run_into_prediction
    from benchmarks.accuracy.expression.new_genes import run_new_genes
    from benchmarks.accuracy.expression.planted import run_planted
    from benchmarks.accuracy.expression.simulated import run_simulated
    from benchmarks.accuracy.expression.yeast import run_yeast
    from meristem.errors import ConfigError

    words = [w for w in sys.argv[1:] if w not in ("--quiet", "-q")]
    command = " ".join(["python -m benchmarks accuracy", *words])
    if job is Job.simulated:
        drawn = range(seed, seed + repeats)
        say(run_simulated(out, seeds=drawn, command=command))
        return
    with progress(quiet=quiet) as notify:

        def tell(done: int, total: int) -> None:
            notify(job.value, done, total)

        if job is Job.planted:
            say(run_planted(out, seed=seed, command=command, progress=tell))
            return
        if job is Job.into_prediction:
            say(
                run_into_prediction(
                    out, panels=repeats, seed=seed, command=command, progress=tell
                )
            )
            return
        if data is None:
            raise ConfigError(f"the job {job.value!r} needs --data", remedy="give it")
        if job is Job.new_genes:
            say(run_new_genes(out, data, seed=seed, command=command, progress=tell))
            return
        if job is Job.heads:
            say(
                run_heads(
                    out,
                    data,
                    repeats=repeats,
                    seed=seed,
                    command=command,
                    progress=tell,
                )
            )
            return
        text = run_yeast(
            out,
            data,
            sets=tuple(part or ("strong", "all")),
            media=tuple(medium or ("glucose",)),
            models=tuple(model or ()),
            repeats=repeats,
            seed=seed,
            command=command,
            progress=tell,
        )
    say(text)
