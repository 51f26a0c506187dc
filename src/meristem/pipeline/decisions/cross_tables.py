"""What is asked of crosses, and the table that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import line_errors
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    candidate_lines,
    rows_of,
)
from meristem.records import FloatArray, Genotypes, IntArray
from meristem.select.crosses.criteria import chance_above, progeny_needed
from meristem.select.crosses.progeny import DH_OF_F1, Progeny
from meristem.select.ranking.intensity import expected_maximum


@dataclass(frozen=True)
class CrossRequest:
    """What the command asks for."""

    label: str = ""
    traits: tuple[str, ...] = ()
    candidates: Path | None = None
    phased: Path | None = None
    pools: str = ""  # grouping of the run whose two labels are crossed
    map: MapRequest = MapRequest()
    progeny: Progeny | None = DH_OF_F1  # None: families of outbred parents
    selected: float = 0.05
    accuracy: float = 1.0
    check: str = ""
    top: int = 200
    simulate: int = 0  # progeny of each cross that the formula cannot decide
    most_simulated: int = 200
    draws: int = 0  # of the effects, for the posterior mean variance
    n_progeny: int = 100  # of which the best is expected
    segments: int = 3  # per chromosome, for optimal haplotype values; 0: none
    wanted: Mapping[str, str] = field(default_factory=dict)  # variant -> allele
    combine: int = 0  # best crosses that are crossed with each other; 0: none


@dataclass(frozen=True)
class CrossResult:
    """The table, and what is said about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]
    multiparent: pd.DataFrame | None = None


def cross_table(
    lines: Genotypes,
    pairs: tuple[IntArray, IntArray],
    mean: FloatArray,
    sd: FloatArray,
    useful: FloatArray,
) -> pd.DataFrame:
    """Return the moments of crosses, with the rows of their parents."""
    first, second = pairs
    return pd.DataFrame(
        {
            "parent_1": lines.sample_id[first],
            "parent_2": lines.sample_id[second],
            "row_1": first,
            "row_2": second,
            "mean": mean,
            "sd": sd,
            "usefulness": useful,
        }
    )


def finish_table(
    analysis: Analysis,
    material: Material,
    request: CrossRequest,
    table: pd.DataFrame,
    kind: str,
) -> pd.DataFrame:
    """Add what breeders read off moments; keep the best."""
    table = table.head(request.top).reset_index(drop=True)
    mean, sd = table["mean"].to_numpy(), table["sd"].to_numpy()
    value = material.value
    rows = table["row_1"].to_numpy(), table["row_2"].to_numpy()
    table["value_1"], table["value_2"] = value[rows[0]], value[rows[1]]
    best = expected_maximum(request.n_progeny)
    table[f"best_of_{request.n_progeny}"] = mean + best * sd
    if request.check:
        if "sd_uncertain" in table:
            sd = table["sd_uncertain"].to_numpy()
        excess = _excess(analysis, material, request, mean, rows)
        chance = chance_above(excess, sd)
        table["above_check"] = chance
        table["progeny_needed"] = progeny_needed(chance)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["progeny"], table["model"] = kind, material.label
    table["merit"] = material.merit.words
    return table.drop(columns=["row_1", "row_2"])


def _excess(
    analysis: Analysis,
    material: Material,
    request: CrossRequest,
    mean: FloatArray,  # (n_cross,) of the progeny
    rows: tuple[IntArray, IntArray],
) -> FloatArray:  # (n_draw, n_cross) or (n_cross,)
    """Return the mean of the progeny minus the check, in joint draws where known.

    The check is a candidate, or a line of the run.
    """
    used, place = np.unique(np.stack(rows), return_inverse=True)
    one, two = place.reshape(2, -1)
    every = material.lines
    if request.check not in every.sample_id:
        every = candidate_lines(analysis, every.variants, None)
    check = every.take_samples(rows_of(every, (request.check,), "--check"))
    value = float(material.merit.of(material.fitted.predict(check).value)[0])
    lines = material.lines.take_samples(used)
    if request.check not in lines.sample_id:
        lines = replace(
            lines,
            sample_id=np.concatenate([lines.sample_id, check.sample_id]),
            call_dosage=np.concatenate([lines.call_dosage, check.call_dosage]),
            products=None,
            first_gamete=None,
        )
    errors = line_errors(analysis, material, lines)
    if errors is None:
        return mean - value
    beaten = errors[:, lines.sample_id == request.check]
    return mean - value + (errors[:, one] + errors[:, two]) / 2 - beaten
