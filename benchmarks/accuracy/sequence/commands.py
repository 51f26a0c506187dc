"""`python -m benchmarks accuracy sequence`: models of DNA on reporter assays."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.accuracy.options import Models, Out, Quiet, measure


class Job(StrEnum):
    """What is measured."""

    promoters = "promoters"
    alleles = "alleles"
    enhancers = "enhancers"
    elements = "elements"
    planted = "planted"


def bench_sequence(
    job: Annotated[
        Job,
        typer.Argument(
            help="promoters: native yeast promoters and random ones held out by hash, "
            "trained on random promoters; alleles: BY/RM pairs by chromosome; "
            "enhancers: DeepSTARR and lentiMPRA, groups left out; elements: one option "
            "of a network changed at a time; planted: motifs found again and named."
        ),
    ],
    data: Annotated[
        Path, typer.Option(help="Folder that holds sequence/ and motifs/.")
    ],
    out: Out,
    model: Models = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Accuracy of models of DNA: every model on the same rows, with CPU seconds.

    The same command goes on where it was stopped.
    """
    import torch

    from benchmarks.accuracy.sequence import (
        alleles,
        elements,
        enhancers,
        planted,
        promoters,
    )

    torch.set_num_threads(1)
    jobs = {
        Job.promoters: promoters.run_promoters,
        Job.alleles: alleles.run_alleles,
        Job.enhancers: enhancers.run_enhancers,
        Job.elements: elements.run_elements,
        Job.planted: planted.run_planted,
    }
    work = partial(jobs[job], data, out, models=tuple(model or ()), seed=seed)
    measure(work, out, "results.csv", quiet=quiet, stage=job.value)
