"""Tables that explain a fitted ensemble, written into a run folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.kinetics.cas9.channels import channel_names
from meristem.kinetics.network.kinn import Kinn, Measurements
from meristem.kinetics.network.reading import (
    describe_pairs,
    identify_matched_rates,
    matched_rates,
    mutagenesis_map,
    rate_table,
)
from meristem.runs.record import Run

_ROWS = 2000  # enough rows for the information matrix


def describe_model(run: Run, kinns: Sequence[Kinn], data: Measurements) -> None:
    """Write rates, control, occupancies, weights, maps and what is identifiable."""
    first = kinns[0]
    n_position, n_channel = data.x.shape[1:]
    matched = np.zeros((1, n_position, n_channel))
    reference = describe_pairs(kinns, ["matched"], matched)
    run.table("rates", reference.rates)
    run.table("occupancy", reference.occupancy)
    run.table("control", reference.control)
    run.table("matched_rates", matched_rates(kinns))
    if first.channels:
        names = channel_names(first.channels)
    else:
        names = tuple(f"channel{i}" for i in range(n_channel))
    run.table("rate_table", rate_table(kinns, channels=names))
    identified = identify_matched_rates(
        first, data.x[:_ROWS], censored=data.censored[:_ROWS]
    )
    run.table("identifiability", identified.table())
    run.note(
        "identifiability",
        {
            "statement": identified.statement,
            "rank": identified.rank,
            "eigenvalues": identified.eigenvalues.tolist(),
        },
    )
    if first.channels:
        _write_map(run, kinns)


def _write_map(run: Run, kinns: Sequence[Kinn]) -> None:
    table: pd.DataFrame = mutagenesis_map(kinns)
    run.table("mutagenesis", table)
