"""`python -m benchmarks accuracy kinetics`: accuracy of the kinetic networks."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy.options import Out, Quiet, measure


class Job(StrEnum):
    """What is measured."""

    nested = "nested"
    published = "published"
    planted = "planted"
    zero_shot = "zero-shot"
    transfer = "transfer"
    assays = "assays"
    enzyme = "enzyme"


def bench_kinetics(
    job: Annotated[
        Job,
        typer.Argument(
            help="nested: across guides; published: chosen by the test guide, for "
            "comparison; planted: simulated windows; zero-shot: off-target sites never "
            "trained on; transfer: guides held out; assays: each of four left out; "
            "enzyme: intervals of simulated constants."
        ),
    ],
    out: Out,
    data: Annotated[
        Path | None, typer.Option(help="Folder with mpkp and in_vivo.")
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="model.json (zero-shot, transfer, assays); repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Accuracy of kinetic networks: across guides, planted windows, off-target sites.

    The same command goes on where it was stopped.
    """
    import torch

    from benchmarks.accuracy.kinetics import (
        cross_guide,
        enzyme_constants,
        planted_windows,
        unseen_sites,
    )
    from meristem.errors import ConfigError

    torch.set_num_threads(1)
    needs_data, needs_model = (
        job not in (Job.planted, Job.enzyme),
        job in (Job.zero_shot, Job.transfer, Job.assays),
    )
    if (needs_data and data is None) or (needs_model and not model):
        missing = "--data" if needs_data and data is None else "--model"
        raise ConfigError(f"the job {job.value!r} needs {missing}", remedy="give it")
    folder, models = data or Path(), model or []
    drawn = range(seed, seed + seeds)
    transfer = partial(unseen_sites.run_transfer, folder, models, out, seeds=drawn)
    jobs: dict[Job, partial[str]] = {
        Job.nested: partial(cross_guide.run_nested, folder, out, seeds=drawn),
        Job.published: partial(cross_guide.run_published, folder, out, seeds=drawn),
        Job.planted: partial(planted_windows.run_planted, out, seeds=drawn),
        Job.zero_shot: partial(
            unseen_sites.run_zero_shot, folder, models, out, seed=seed
        ),
        Job.transfer: partial(transfer, assays=False),
        Job.assays: partial(transfer, assays=True),
        Job.enzyme: partial(enzyme_constants.run_enzyme, out, seeds=drawn),
    }
    measure(jobs[job], out, "results.csv", quiet=quiet, stage=job.value)
