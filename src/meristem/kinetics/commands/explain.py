"""The command `explain`: what a fitted network says about one guide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meristem.kinetics.cas9.channels import channel_names, kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.cas9.sites import Sites, refuse_misfits
from meristem.kinetics.commands.report import begin_run, build_kinetics_report
from meristem.kinetics.network.reading import (
    describe_pairs,
    matched_rates,
    mutagenesis_map,
    rate_table,
)
from meristem.kinetics.network.store import read_pair_kinns
from meristem.kinetics.scheme.sbml import write_sbml
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.record import plan_run


@in_locked_folder
def explain_run(
    model: str | Path,
    guide: str,
    targets: Sequence[str],
    to: Destination,
    *,
    sbml: bool = False,
) -> Path:
    """Write tables, figures and a page about a guide and some of its targets.

    Parameters
    ----------
    model
        ``model.json`` of a run.
    guide, targets
        5' to 3'; the matched target is always shown first.
    sbml
        Also write the first member's scheme with the numbers of every pair.
    """
    kinns = read_pair_kinns(model)
    channels, pam = kinns[0].channels, kinns[0].pam
    guide = guide.strip().upper()
    pairs = [guide, *targets]
    nothing = np.full(len(pairs), "")
    refuse_misfits(
        Sites(
            np.array([guide] * len(pairs)),
            np.array(pairs),
            np.zeros(len(pairs), dtype=np.int64),
            nothing,
        ),
        pam=pam,
    )
    run = plan_run(
        to,
        title=f"Guide {guide}",
        question="How fast is each step, and what would an edit change?",
        config={"model": str(model), "guide": guide, "targets": list(targets)},
        seed=0,
        inputs=[("model", Path(model))],
    )
    begin_run(run)
    edits = kinetic_channels(
        encode_pairs(pam.last([guide] * len(pairs)), pam.last(pairs)), channels
    )
    names = ["matched", *targets]
    description = describe_pairs(kinns, names, edits)
    run.table("rates", description.rates)
    run.table("occupancy", description.occupancy)
    run.table("control", description.control)
    run.table("matched_rates", matched_rates(kinns))
    run.table("rate_table", rate_table(kinns, channels=channel_names(channels)))
    run.table("mutagenesis", mutagenesis_map(kinns, guide))
    if sbml:
        for index, row in enumerate(kinns[0].log_rates(edits)):
            rates = tuple(float(value) for value in np.asarray(row))
            for suffix in ("xml", "ant"):
                name = f"pair{index}.{suffix}"
                run.folder.announce(name)
                write_sbml(kinns[0].scheme, run.folder.file(name), rates)
                run.folder.note(name)
    return run.finish(build_kinetics_report)
