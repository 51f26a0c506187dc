"""Crosses of a plan: what each is worth, which are made, with how many progeny."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.selection import MatingConfig, SelectionConfig
from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.haplotypes import (
    LineSegments,
    line_segments,
    refuse_other_progeny,
    stacking_chances,
)
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    Merit,
    make_material,
    model_variants,
    place_variants,
    refuse_heterozygous,
)
from meristem.pipeline.decisions.progeny import Ask, simulate_undecided
from meristem.pipeline.selection.diversity import Diversity
from meristem.pipeline.selection.index import Index
from meristem.pipeline.selection.lines import Lines
from meristem.prepare.match import align_variants
from meristem.records import FloatArray, Genotypes, IntArray
from meristem.select.crosses.criteria import make_crosses
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import Progeny
from meristem.select.crosses.simulated import Simulation
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

DEFAULT = 10
"""Crosses that are made where the plan names no number."""

MOST_PARENTS = 1500
"""Lines among which crosses are planned: more than a million crosses."""


@dataclass(frozen=True)
class Combined:
    """What the chosen crosses can combine at best; None where it is not known."""

    segment_best: FloatArray | None = None  # (n_chosen,) OHV
    all_best: float | None = None  # OPV of all parents
    stacking: FloatArray | None = None  # (n_chosen,) chance of all wanted alleles


@dataclass(frozen=True)
class Spread:
    """Every cross of the parents, and what tells more of some of them."""

    crosses: Crosses
    notes: list[str]
    segments: LineSegments | None = None
    lines: Genotypes | None = None  # of the model's variants; None without a map
    placed: PlacedVariants | None = None
    error: FloatArray | None = None  # (n_cross,) Monte-Carlo, NaN by the formula


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
    spread = _all_crosses(analysis, asked, lines, index, rows)
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
        tuple(notes),
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
    if asked.wanted and spread.lines is not None and spread.placed is not None:
        stacking = stacking_chances(
            spread.lines, spread.placed, asked.wanted, pairs, "crosses.wanted"
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


def _all_crosses(
    analysis: Analysis, asked: MatingConfig, lines: Lines, index: Index, rows: IntArray
) -> Spread:
    """Return all pairs of the lines, with mean and, on a map, spread of the progeny."""
    pairs = np.triu_indices(rows.size, 1)
    value = index.value[rows]
    useful = asked.criterion == "usefulness" or (
        asked.criterion == "auto" and asked.mapped
    )
    if not useful:
        note = "crosses are valued by the mid-parent: no map, so no spread of progeny"
        zero = np.zeros(pairs[0].size)
        return Spread(make_crosses(pairs, value, zero, 0.0, "mid-parent"), [note])
    if not index.coefficient.any():
        raise ConfigError(
            "a merit that is not linear has no effects of markers",
            where="crosses.criterion",
            remedy='use criterion = "mean", or a linear index',
        )
    variants = model_variants(analysis, lines.fitted)
    request = MapRequest(asked.map, asked.cm_per_mb, asked.map_function)
    placed = place_variants(variants, request)
    some = align_variants(lines.genotypes.take_samples(rows), variants)
    refuse_heterozygous(some)
    material = make_material(
        analysis,
        (lines.label, lines.fitted),
        Merit(index.coefficient, index.words),
        some,
        placed,
    )
    effects = material.effects
    if material.linearised is not None:
        if not asked.simulate:
            raise ConfigError(
                f"{lines.label} is no sum over markers: the spread of progeny needs "
                "simulated ones",
                where="crosses.criterion",
                remedy="give crosses.simulate = 200, or use criterion = "
                '"mean", or another model',
            )
        value = effects.value(some.call_dosage, some.ploidy)
    progeny = Progeny(asked.progeny, asked.generation)
    if asked.wanted:
        refuse_other_progeny(progeny, "crosses.wanted")
    variance = pair_variances(
        some.call_dosage[:, placed.order],
        effects.additive[placed.order],
        placed.genetic_map,
        progeny,
        asked.map_function,
    )
    factor = intensity(asked.selected) * asked.accuracy
    sd = np.sqrt(variance[pairs])
    notes = [
        placed.line,
        f"usefulness = mean + {factor:.3f} sd: the best {asked.selected:.0%} of a "
        f"family, accuracy {asked.accuracy:g} within it",
    ]
    if asked.accuracy == 1:
        notes.append(
            "the accuracy within families is taken as 1; give crosses.accuracy"
        )
    parts = None
    if asked.segments:
        parts = line_segments(
            some.call_dosage,
            effects.additive,
            effects.mean,
            value,
            placed,
            asked.segments,
        )
    crosses = make_crosses(pairs, value, sd, factor, progeny.name)
    error = None
    if asked.simulate:
        how = Simulation(asked.simulate, factor, asked.selected)
        crosses, error, said = _decided_by_progeny(
            analysis, asked, material, placed, crosses, (progeny, how)
        )
        notes.append(said)
    if material.linearised is not None:
        notes.append(
            f"{lines.label} is no sum over markers: its best line explains "
            f"{effects.r2:.3f} of it among simulated progeny, and places the crosses "
            "that are not simulated"
        )
    return Spread(crosses, notes, parts, some, placed, error)


def _decided_by_progeny(
    analysis: Analysis,
    asked: MatingConfig,
    material: Material,
    placed: PlacedVariants,
    crosses: Crosses,
    made: tuple[Progeny, Simulation],
) -> tuple[Crosses, FloatArray, str]:
    """Return the crosses with what simulated progeny say, its error, and a note."""
    n = asked.n or min(DEFAULT, crosses.n_cross)
    near = best(crosses.usefulness, min(max(20 * n, 200), crosses.n_cross))
    found = simulate_undecided(
        analysis,
        material,
        placed,
        (crosses.first[near], crosses.second[near]),
        crosses.usefulness[near],
        Ask(*made, top=min(3 * n, near.size), most=asked.most_simulated),
    )
    at = near[found.rows]
    columns = [crosses.mean, crosses.sd, crosses.usefulness]
    mean, sd, useful = (column.copy() for column in columns)
    mean[at], sd[at] = found.found.mean, found.found.sd
    useful[at] = found.found.usefulness
    error = np.full(crosses.n_cross, np.nan)
    error[at] = found.found.error
    return replace(crosses, mean=mean, sd=sd, usefulness=useful), error, found.said


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
        label = lines.labels(asked.pool, "crosses.pool")[parents]
        pool = (label != asked.seed_pool).astype(np.int64)
        if pool.all() or not pool.any():
            raise ConfigError(
                f"{asked.seed_pool!r} parts no candidates by {asked.pool!r}",
                where="crosses.seed_pool",
                remedy="name one of "
                + ", ".join(map(repr, sorted(set(label.tolist()))))
                + "; where there is one alone, leave crosses.pool out",
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
