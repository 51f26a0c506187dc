"""Families of outbred parents and hybrids between pools, ranked by their mean."""

from __future__ import annotations

import numpy as np

from meristem.errors import ConfigError, DataError
from meristem.genetics.comparable import heterozygosity
from meristem.genetics.hybrids import GREATEST_HETEROZYGOSITY
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.io.genotypes.phased import PhasedGenotypes, read_phased
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.cross_tables import (
    CrossRequest,
    CrossResult,
    cross_table,
    finish_table,
)
from meristem.pipeline.decisions.material import (
    Material,
    line_haplotypes,
    place_variants,
)
from meristem.prepare.match import match_variants
from meristem.records import FloatArray, Genotypes, IntArray
from meristem.select.crosses.criteria import best_pairs
from meristem.select.crosses.families import family_means
from meristem.select.crosses.outbred import child_moments, gamete_variances
from meristem.select.crosses.pools import combining_abilities
from meristem.select.exports.effects import refuse_poor_line
from meristem.select.ranking.intensity import intensity


def rank_families(
    analysis: Analysis, material: Material, request: CrossRequest
) -> CrossResult:
    """Rank full-sib families of outbred parents: mean, and spread if phased."""
    lines, effects = material.lines, material.effects
    refuse_poor_line(effects, material.label)
    n_variant = lines.n_variant
    dominance = np.zeros(n_variant) if effects.dominance is None else effects.dominance
    calls = line_calls(lines)
    means = family_means(calls, effects.additive, dominance, ploidy=lines.ploidy)
    means += effects.intercept
    factor = intensity(request.selected) * request.accuracy
    notes = [f"{lines.n_sample * (lines.n_sample - 1) // 2:,} families ranked"]
    if request.pools:
        return _hybrids(analysis, material, means, request)
    if request.phased is None:
        first, second = best_pairs(means, request.top)
        mean = means[first, second]
        table = cross_table(
            lines, (first, second), mean, np.full(mean.size, np.nan), mean
        )
        notes.append("the spread within families needs phased parents (--phased)")
        return CrossResult(
            finish_table(analysis, material, request, table, "family"), tuple(notes)
        )
    placed = place_variants(lines.variants, request.map)
    phased = read_phased(request.phased)
    haplotypes = matched_phase(phased, lines)[:, :, placed.order]
    additive, both = effects.additive[placed.order], dominance[placed.order]
    sampling = gamete_variances(
        haplotypes, additive, placed.genetic_map, request.map.function
    )
    score = means + factor * np.sqrt(sampling + sampling[:, None])
    first, second = best_pairs(score, request.top)
    mean, variance = child_moments(
        haplotypes[first],
        haplotypes[second],
        additive,
        both,
        placed.genetic_map,
        request.map.function,
    )
    mean, sd = mean + effects.intercept, np.sqrt(variance)
    table = cross_table(lines, (first, second), mean, sd, mean + factor * sd)
    table = table.sort_values("usefulness", ascending=False, kind="stable")
    return CrossResult(
        finish_table(analysis, material, request, table, "family"),
        (placed.line, *notes),
    )


def _hybrids(
    analysis: Analysis, material: Material, means: FloatArray, request: CrossRequest
) -> CrossResult:
    """Rank hybrids between two pools, with the abilities of their parents."""
    lines = material.lines
    one, two, names = _pool_rows(analysis, lines, request.pools)
    value = means[np.ix_(one, two)]
    parts = combining_abilities(value)
    order = np.argsort(-value, axis=None, kind="stable")[: request.top]
    a, b = np.unravel_index(order, value.shape)
    mean = value[a, b]
    # between inbred lines every plant of a hybrid is the same
    mixed = heterozygosity(lines).max()
    sd = np.full(mean.size, 0.0 if mixed <= GREATEST_HETEROZYGOSITY else np.nan)
    table = cross_table(lines, (one[a], two[b]), mean, sd, mean)
    table["general_1"], table["general_2"] = parts.general_1[a], parts.general_2[b]
    table["specific"] = parts.specific[a, b]
    notes = (
        f"{value.size:,} hybrids of {one.size} {names[0]} and {two.size} {names[1]}; "
        f"specific combining ability makes {parts.specific_share:.1%} of their "
        "variance",
    )
    return CrossResult(
        finish_table(analysis, material, request, table, "hybrid"), notes
    )


def _pool_rows(
    analysis: Analysis, lines: Genotypes, grouping: str
) -> tuple[IntArray, IntArray, list[str]]:
    groups = analysis.dataset.groups
    if groups is None:
        raise ConfigError(
            "the run has no groupings",
            where="--pools",
            remedy="add a [groups] table with a column of pools to the configuration",
        )
    labels = groups.column(grouping)
    known = dict(zip(groups.sample_id.tolist(), labels.tolist(), strict=True))
    mine = np.array([known.get(name, "") for name in lines.sample_id.tolist()])
    names = sorted(set(mine.tolist()) - {""})
    if len(names) != 2:
        raise ConfigError(
            f"{grouping!r} has {len(names)} labels among the candidates: "
            f"{', '.join(names[:5])}",
            where="--pools",
            remedy="use a grouping with two, the lines of other pools left blank",
        )
    rows = [np.flatnonzero(mine == name) for name in names]
    return rows[0], rows[1], names


def line_calls(lines: Genotypes) -> Haplotypes:  # (n_line, n_variant)
    """Return dosages with missing calls at the nearest whole mean."""
    calls = lines.call_dosage
    known = np.where(calls < 0, np.nan, calls.astype(np.float64))
    common = np.rint(np.nan_to_num(np.nanmean(known, axis=0))).astype(np.int8)
    return np.where(calls < 0, common, calls)


def matched_phase(
    phased: PhasedGenotypes, lines: Genotypes
) -> Haplotypes:  # (n_line, 2, n_variant)
    """Return haplotypes of these lines, by name; variants not in the file at 0."""
    place = {name: k for k, name in enumerate(phased.sample_id.tolist())}
    names = lines.sample_id.tolist()
    lacking = [name for name in names if name not in place]
    if lacking:
        raise DataError(
            f"the phased file lacks {len(lacking)} of {len(names)} lines: "
            f"{', '.join(lacking[:3])}",
            remedy="phase all of them, or leave these out of the candidates",
        )
    rows = [place[name] for name in names]
    halves = []
    for side in (0, 1):
        given = Genotypes(
            lines.sample_id,
            phased.variants,
            np.ascontiguousarray(phased.haplotype[rows, side]),
            ploidy=1,
        )
        matched = match_variants(given, lines.variants)[0]
        common = line_haplotypes(matched)
        halves.append(np.where(matched.call_dosage < 0, common, matched.call_dosage))
    return np.stack(halves, axis=1).astype(np.int8)
