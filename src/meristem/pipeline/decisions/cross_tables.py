"""What is asked of crosses, and the table that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import line_errors
from meristem.pipeline.decisions.material import MapRequest, Material, rows_of
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
        check = rows_of(material.lines, (request.check,), "--check")[0]
        if "sd_uncertain" in table:
            sd = table["sd_uncertain"].to_numpy()
        excess = mean - float(value[check])
        used, place = np.unique(
            np.stack([*rows, np.full(mean.size, check)]), return_inverse=True
        )
        errors = line_errors(analysis, material, used)
        if errors is not None:
            one, two, beaten = place.reshape(3, -1)
            excess = excess + (errors[:, one] + errors[:, two]) / 2 - errors[:, beaten]
        chance = chance_above(excess, sd)
        table["above_check"] = chance
        table["progeny_needed"] = progeny_needed(chance)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["progeny"], table["model"] = kind, material.label
    table["merit"] = material.merit.words
    return table.drop(columns=["row_1", "row_2"])
