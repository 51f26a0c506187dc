"""`python -m benchmarks accuracy kinetics`: accuracy of the kinetic networks."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from meristem.cli.console import progress, say


class Job(StrEnum):
    """What is measured."""

    nested = "nested"
    published = "published"
    planted = "planted"
    zero_shot = "zero-shot"
    transfer = "transfer"
    assays = "assays"


def bench_kinetics(
    job: Annotated[
        Job,
        typer.Argument(
            help="nested: across guides; published: chosen by the test guide, for "
            "comparison; planted: simulated windows; zero-shot: off-target sites never "
            "trained on; transfer: guides held out; assays: each of four left out."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder with mpkp and in_vivo.")
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="model.json (zero-shot, transfer, assays); repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 1,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bars.")
    ] = False,
) -> None:
    """Accuracy of kinetic networks: across guides, planted windows, off-target sites.

    The same command goes on where it was stopped.
    """
    import torch

    from benchmarks.accuracy.kinetics import cross_guide, planted_windows, unseen_sites
    from meristem.errors import ConfigError

    torch.set_num_threads(1)
    needs_data, needs_model = (
        job is not Job.planted,
        job in (Job.zero_shot, Job.transfer, Job.assays),
    )
    if (needs_data and data is None) or (needs_model and not model):
        missing = "--data" if needs_data and data is None else "--model"
        raise ConfigError(f"the job {job.value!r} needs {missing}", remedy="give it")
    folder, models = data or Path(), model or []
    drawn = range(seed, seed + seeds)
    command = " ".join(["python -m benchmarks accuracy", *sys.argv[1:]])
    with progress(quiet=quiet) as notify:

        def told(done: int, total: int) -> None:
            notify(job.value, done, total)

        common: dict[str, Any] = {"command": command, "progress": told}
        if job is Job.nested:
            table = cross_guide.run_nested(folder, out, seeds=drawn, **common)
        elif job is Job.published:
            table = cross_guide.run_published(folder, out, seeds=drawn, **common)
        elif job is Job.planted:
            table = planted_windows.run_planted(out, seeds=drawn, **common)
        elif job is Job.zero_shot:
            table = unseen_sites.run_zero_shot(folder, models, out, seed=seed, **common)
        else:
            table = unseen_sites.run_transfer(
                folder,
                models,
                out,
                seeds=drawn,
                assays=job is Job.assays,
                **common,
            )
    say(table)
    say(f"results: {out / 'results.csv'}")
