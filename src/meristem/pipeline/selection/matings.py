"""Crosses of a plan: what each is worth, which are made, with how many progeny."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.config.selection import MatingConfig, SelectionConfig
from meristem.errors import ConfigError
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import uncertain_sd
from meristem.pipeline.decisions.haplotypes import stacking_chances
from meristem.pipeline.decisions.multiparent import multiparent_table
from meristem.pipeline.selection.diversity import Diversity
from meristem.pipeline.selection.index import Index
from meristem.pipeline.selection.lines import Lines
from meristem.pipeline.selection.spread import DEFAULT, Spread, spread_of_crosses
from meristem.records import FloatArray, IntArray
from meristem.select.exports.effects import refuse_poor_line
from meristem.select.mating.allocation import MatingPlan, place_of, plan_matings
from meristem.select.mating.designs import (
    chain,
    factorial,
    half_diallel,
    share_progeny,
)
from meristem.select.mating.limits import MatingLimits
from meristem.select.ranking.compare import best
from meristem.select.ranking.intensity import intensity
from meristem.select.records import Crosses

MOST_PARENTS = 1500
"""Lines among which crosses are planned: more than a million crosses."""


@dataclass(frozen=True)
class Combined:
    """What the chosen crosses can combine at best; None where it is not known."""

    segment_best: FloatArray | None = None  # (n_chosen,) OHV
    all_best: float | None = None  # OPV of all parents
    stacking: FloatArray | None = None  # (n_chosen,) chance of all wanted alleles


@dataclass(frozen=True)
class Matings:
    """Every cross of the lines that passed, and the plan; rows are of `Diversity`."""

    crosses: Crosses
    plan: MatingPlan
    kinship: FloatArray  # (n_chosen,) coancestry of the parents
    n_progeny: IntArray  # (n_chosen,) 0: not shared out
    criterion: str
    combined: Combined
    error: FloatArray | None  # (n_chosen,) Monte-Carlo, of the usefulness
    uncertain_sd: FloatArray  # (n_chosen,) with what is not known of the effects
    multiparent: pd.DataFrame | None  # chosen crosses crossed with each other
    notes: tuple[str, ...]


def plan_crosses(
    analysis: Analysis,
    plan: SelectionConfig,
    lines: Lines,
    index: Index,
    diversity: Diversity,
) -> Matings:
    """Return the crosses to be made.

    Raises
    ------
    ConfigError
        If no plan keeps to the limits, or the progeny cannot be described.
    """
    asked = plan.crosses
    place = _parents(asked, lines, index, diversity.rows)
    rows = diversity.rows[place]
    spread = spread_of_crosses(analysis, asked, lines, index, rows)
    crosses, notes = spread.crosses, spread.notes
    if place.size < diversity.rows.size:
        notes.append(
            f"crosses are between the best {place.size:,} of "
            f"{diversity.rows.size:,} lines by index"
        )
    f = diversity.coancestry.value[np.ix_(place, place)]
    most = diversity.chosen.coancestry if asked.bound else None
    limits = _limits(asked, lines, rows, crosses.n_cross, most)
    crosses, limits = _designed(asked, crosses, limits, index.value[rows])
    found = plan_matings(
        crosses, limits, rows.size, f, max_gap=asked.max_gap, seconds=asked.seconds
    )
    chosen = found.crosses
    progeny = np.zeros(chosen.n_cross, dtype=np.int64)
    if asked.total_progeny:
        progeny = share_progeny(
            chosen.mean, chosen.sd, asked.total_progeny, asked.min_progeny
        )
    criterion = "usefulness" if np.any(crosses.sd > 0) else "mid-parent"
    return Matings(
        _among(crosses, place),
        replace(found, crosses=_among(chosen, place)),
        f[chosen.first, chosen.second],
        progeny,
        criterion,
        _combined(asked, spread, (chosen.first, chosen.second)),
        _error_of(spread, chosen, rows.size),
        _uncertain_sd(analysis, asked, spread, chosen),
        _multiparent(asked, spread, chosen),
        tuple(notes),
    )


def _uncertain_sd(
    analysis: Analysis, asked: MatingConfig, spread: Spread, chosen: Crosses
) -> FloatArray:
    """Return the spread that a chance is counted with; the plain one if unknown."""
    if spread.mapped is None or asked.draws:
        return chosen.sd
    material, placed, progeny = spread.mapped
    pairs = chosen.first, chosen.second
    sd = uncertain_sd(analysis, material, placed, pairs, progeny, asked.map_function)
    return chosen.sd if sd is None else sd


def _multiparent(
    asked: MatingConfig, spread: Spread, chosen: Crosses
) -> pd.DataFrame | None:
    """Return the best chosen crosses, crossed with each other and back."""
    if not asked.combine:
        return None
    if spread.mapped is None:
        raise ConfigError(
            "crosses of three and four lines need the spread of progeny",
            where="crosses.combine",
            remedy="give crosses.map or crosses.cm_per_mb, and usefulness",
        )
    material, placed, _ = spread.mapped
    refuse_poor_line(material.effects, material.label)
    order = np.argsort(-chosen.usefulness, kind="stable")[: asked.combine]
    pairs = np.stack([chosen.first, chosen.second], axis=1)[order]
    lines = material.lines
    return multiparent_table(
        material,
        placed,
        pairs,
        material.effects.value(lines.call_dosage, lines.ploidy),
        intensity(asked.selected) * asked.accuracy,
        asked.map_function,
    )


def _error_of(spread: Spread, chosen: Crosses, n: int) -> FloatArray | None:
    """Return the Monte-Carlo error of the chosen crosses; None without progeny."""
    if spread.error is None:
        return None
    code = place_of(spread.crosses, n)
    order = np.argsort(code)
    return spread.error[order[np.searchsorted(code[order], place_of(chosen, n))]]


def _combined(
    asked: MatingConfig, spread: Spread, pairs: tuple[IntArray, IntArray]
) -> Combined:
    best_of = all_best = stacking = None
    if spread.segments is not None:
        best_of = spread.segments.best_of(pairs)
        all_best = spread.segments.best_of_all(pairs)
    if asked.wanted and spread.mapped is not None:
        material, placed, _ = spread.mapped
        stacking = stacking_chances(
            material.lines, placed, asked.wanted, pairs, "crosses.wanted"
        )
    return Combined(best_of, all_best, stacking)


def _parents(
    asked: MatingConfig, lines: Lines, index: Index, rows: IntArray
) -> IntArray:  # positions in rows, ascending
    """Return the lines that may be crossed: the best, and those of forced crosses."""
    named = {name for pair in asked.forced for name in pair}
    forced = np.flatnonzero(np.isin(lines.sample_id[rows], list(named)))
    return np.union1d(best(index.value[rows], MOST_PARENTS), forced)


def _among(crosses: Crosses, place: IntArray) -> Crosses:
    """Return the crosses with their parents numbered among all lines that passed."""
    return replace(crosses, first=place[crosses.first], second=place[crosses.second])


def _limits(
    asked: MatingConfig,
    lines: Lines,
    parents: IntArray,
    n_cross: int,
    bound: float | None,
) -> MatingLimits:
    place = {int(row): k for k, row in enumerate(parents)}

    def pairs(field: str) -> tuple[tuple[int, int], ...]:
        made = []
        for names in getattr(asked, field):
            rows = lines.rows(names, f"crosses.{field}")
            if all(int(row) in place for row in rows):
                made.append((place[int(rows[0])], place[int(rows[1])]))
            elif field == "forced":
                raise ConfigError(
                    f"{' x '.join(names)} is forced, and a parent did not pass the "
                    "filters",
                    where="crosses.forced",
                    remedy="keep it with candidates.keep, or take it off the list",
                )
        return tuple(made)

    pool = None
    if asked.pool:
        label = lines.complete_labels(asked.pool, "crosses.pool", parents)
        pool = (label != asked.seed_pool).astype(np.int64)
        if pool.all() or not pool.any():
            raise ConfigError(
                f"{asked.seed_pool!r} parts no candidates by {asked.pool!r}",
                where="crosses.seed_pool",
                remedy="name one of "
                + ", ".join(map(repr, sorted(set(label.tolist()))))
                + "; where there is one alone, leave crosses.pool out",
            )
        for names, (one, two) in zip(asked.forced, pairs("forced"), strict=True):
            if pool[one] == pool[two]:
                raise ConfigError(
                    f"{' x '.join(names)} is forced, and both are of "
                    f"{' and '.join(sorted({str(label[one]), str(label[two])}))}: "
                    f"no cross of {asked.seed_pool!r} with others of {asked.pool!r}",
                    where="crosses.forced",
                    remedy="take it off the list, or leave crosses.pool out",
                )
    most = bound if asked.max_coancestry is None else asked.max_coancestry
    seeds = None
    if asked.max_as_seed is not None:
        seeds = np.full(parents.size, asked.max_as_seed)
    return MatingLimits(
        asked.n or min(DEFAULT, n_cross),
        max_uses=asked.max_uses,
        min_uses=asked.min_uses,
        max_parents=asked.max_parents,
        max_kinship=asked.max_kinship,
        max_coancestry=most,
        pool=pool,
        seeds=seeds,
        forced=pairs("forced"),
        forbidden=pairs("forbidden"),
    )


def _designed(
    asked: MatingConfig, crosses: Crosses, limits: MatingLimits, value: FloatArray
) -> tuple[Crosses, MatingLimits]:
    """Return the crosses of a design between the best parents, all to be made."""
    if asked.design == "free":
        return crosses, limits
    if asked.design == "factorial" and limits.pool is not None:
        sides = [np.flatnonzero(limits.pool == side) for side in (0, 1)]
        parents = [side[best(value[side], asked.parents)] for side in sides]
        first, second = factorial(parents[0], parents[1])
    else:
        chosen = best(value, min(asked.parents, value.size))
        made = half_diallel if asked.design == "half_diallel" else chain
        first, second = made(chosen)
    n = value.size
    zero = np.zeros(first.size)
    wanted = Crosses(first, second, zero, zero, zero, "")
    keep = np.isin(place_of(crosses, n), place_of(wanted, n))
    return crosses.take(keep), MatingLimits(int(keep.sum()))
