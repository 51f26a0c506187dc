"""The progeny of every cross of a plan: mean, and on a map, spread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.selection import MatingConfig
from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.io.genotypes.phased import read_phased
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import uncertain_variances
from meristem.pipeline.decisions.families import matched_phase
from meristem.pipeline.decisions.haplotypes import (
    LineSegments,
    line_segments,
    refuse_other_progeny,
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
from meristem.pipeline.selection.index import Index
from meristem.pipeline.selection.lines import Lines
from meristem.prepare.match import align_variants
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.criteria import make_crosses
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.outbred import gamete_variances
from meristem.select.crosses.progeny import Progeny
from meristem.select.crosses.simulated import Simulation
from meristem.select.ranking.compare import best
from meristem.select.ranking.intensity import intensity
from meristem.select.records import Crosses

DEFAULT = 10
"""Crosses that are made where the plan names no number."""

Mapped = tuple[Material, PlacedVariants, Progeny]
"""Parents with the effects of the index, where variants lie, and kind of progeny."""


@dataclass(frozen=True)
class Spread:
    """Every cross of the parents, and what tells more of some of them."""

    crosses: Crosses
    notes: list[str]
    segments: LineSegments | None = None
    mapped: Mapped | None = None  # None without a map
    error: FloatArray | None = None  # (n_cross,) Monte-Carlo, NaN by the formula


def spread_of_crosses(
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
    if asked.phased is not None:
        return _full_sibs(analysis, asked, lines, index, rows)
    mapped = _placed_lines(analysis, asked, lines, index, rows)
    material, placed, progeny = mapped
    some, effects = material.lines, material.effects
    if material.linearised is not None:
        value = effects.value(some.call_dosage, some.ploidy)
    if asked.draws:
        variance = uncertain_variances(
            analysis,
            material,
            placed,
            progeny,
            asked.map_function,
            (asked.draws, "crosses.draws"),
        )
    else:
        variance = pair_variances(
            some.call_dosage[:, placed.order],
            effects.additive[placed.order],
            placed.genetic_map,
            progeny,
            asked.map_function,
        )
    factor = intensity(asked.selected) * asked.accuracy
    sd = np.sqrt(variance[pairs])
    notes = _usefulness_notes(asked, placed, factor)
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
            f"{effects.r2:.3f} of it among lines and progeny left out, and places the "
            "crosses that are not simulated"
        )
    return Spread(crosses, notes, parts, mapped, error)


def _usefulness_notes(
    asked: MatingConfig, placed: PlacedVariants, factor: float
) -> list[str]:
    notes = [
        placed.line,
        f"usefulness = mean + {factor:.3f} sd: the best {asked.selected:.0%} of a "
        f"family, accuracy {asked.accuracy:g} within it",
    ]
    if asked.accuracy == 1:
        notes.append(
            "the accuracy within families is taken as 1; give crosses.accuracy"
        )
    return notes


def _full_sibs(
    analysis: Analysis, asked: MatingConfig, lines: Lines, index: Index, rows: IntArray
) -> Spread:
    """Return full-sib families of phased parents: variances of their gametes add."""
    material, placed = _on_map(analysis, asked, lines, index, rows)
    if not material.additive:
        raise ConfigError(
            f"{lines.label} is no sum over alleles: the spread of full sibs in a plan "
            "needs one",
            where="crosses.phased",
            remedy="choose an additive model (gblup), or rank families by `meristem "
            "select crosses --progeny family --phased`, which takes dominance in",
        )
    assert asked.phased is not None
    halves = matched_phase(read_phased(asked.phased), material.lines)
    effect = material.effects.additive[placed.order]
    variance = gamete_variances(
        halves[:, :, placed.order], effect, placed.genetic_map, asked.map_function
    )
    first, second = np.triu_indices(rows.size, 1)
    sd = np.sqrt(variance[first] + variance[second])
    factor = intensity(asked.selected) * asked.accuracy
    value = index.value[rows]
    return Spread(
        make_crosses((first, second), value, sd, factor, "full-sib"),
        _usefulness_notes(asked, placed, factor),
    )


def _placed_lines(
    analysis: Analysis, asked: MatingConfig, lines: Lines, index: Index, rows: IntArray
) -> Mapped:
    """Return the parents with the effects of the index, and their progeny, on a map."""
    material, placed = _on_map(analysis, asked, lines, index, rows)
    if material.linearised is not None and not asked.simulate:
        raise ConfigError(
            f"{lines.label} is no sum over markers: the spread of progeny needs "
            "simulated ones",
            where="crosses.criterion",
            remedy='give crosses.simulate = 200, or use criterion = "mean", or another '
            "model",
        )
    progeny = Progeny(asked.progeny, asked.generation)
    if asked.wanted:
        refuse_other_progeny(progeny, "crosses.wanted")
    return material, placed, progeny


def _on_map(
    analysis: Analysis, asked: MatingConfig, lines: Lines, index: Index, rows: IntArray
) -> tuple[Material, PlacedVariants]:
    """Return the parents with the effects of the index, and where variants lie."""
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
    if asked.phased is None:
        refuse_heterozygous(
            some,
            'give crosses.phased = "FILE.vcf.gz" (families of outbred parents), or use '
            'crosses.criterion = "mean"',
        )
    material = make_material(
        analysis,
        (lines.label, lines.fitted),
        Merit(index.coefficient, index.words),
        some,
        placed,
    )
    return material, placed


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
